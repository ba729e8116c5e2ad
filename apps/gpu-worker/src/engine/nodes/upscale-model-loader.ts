import { ModelKind } from '@atelier/proto'
import type { NodeExecution, UpscaleModelValue } from '../node-graph/node-context.ts'
import { findRef } from './find-file.ts'

/** Names an upscaler; it is loaded when it is first used. */
export const upscaleModelLoader: NodeExecution = async (inputs, { models }) => {
  const [kind, name] = [ModelKind.MODEL_KIND_UPSCALER, inputs.text('model_name')]
  const upscaler = findRef(models, { kind, name, what: 'upscaler' })
  return { outputs: [{ upscaler } satisfies UpscaleModelValue] }
}
