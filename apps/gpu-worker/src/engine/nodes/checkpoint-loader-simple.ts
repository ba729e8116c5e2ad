import { ModelKind } from '@atelier/proto'
import type { ClipValue, ModelValue, NodeExecution, VaeValue } from '../node-graph/node-context.ts'
import { findRef } from './find-file.ts'

/** Names a checkpoint; it is loaded when one of its networks is first used. */
export const checkpointLoaderSimple: NodeExecution = async (inputs, { models }) => {
  const [kind, name] = [ModelKind.MODEL_KIND_CHECKPOINT, inputs.text('ckpt_name')]
  const checkpoint = findRef(models, { kind, name, what: 'checkpoint' })
  const outputs: [ModelValue, ClipValue, VaeValue] = [{ checkpoint }, { checkpoint }, { checkpoint }]
  return { outputs }
}
