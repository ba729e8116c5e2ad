import { ModelKind, type ModelRef } from '@atelier/proto'
import { EngineError } from '../engine-error.ts'
import type { NodeExecution, UpscaleModelValue } from '../node-graph/node-context.ts'

/** Names an upscaler; it is loaded when it is first used. */
export const upscaleModelLoader: NodeExecution = async (inputs, { models }) => {
  const name = inputs.text('model_name')
  const file = models.find(ModelKind.MODEL_KIND_UPSCALER, name)
  if (file === undefined) {
    throw new EngineError('not-found', `the upscaler ${name} is not here`, {
      exceptionType: 'FileNotFoundError',
    })
  }
  const upscaler: ModelRef = { kind: file.kind, name: file.name, identity: file.identity }
  return { outputs: [{ upscaler } satisfies UpscaleModelValue] }
}
