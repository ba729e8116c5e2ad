import { ModelKind, type ModelRef } from '@atelier/proto'
import { EngineError } from '../engine-error.ts'
import type { ClipValue, ModelValue, NodeExecution, VaeValue } from '../node-graph/node-context.ts'

/** Names a checkpoint; it is loaded when one of its networks is first used. */
export const checkpointLoaderSimple: NodeExecution = async (inputs, { models }) => {
  const name = inputs.text('ckpt_name')
  const file = models.find(ModelKind.MODEL_KIND_CHECKPOINT, name)
  if (file === undefined) {
    throw new EngineError('not-found', `the checkpoint ${name} is not here`, {
      exceptionType: 'FileNotFoundError',
    })
  }
  const checkpoint: ModelRef = { kind: file.kind, name: file.name, identity: file.identity }
  const outputs: [ModelValue, ClipValue, VaeValue] = [{ checkpoint }, { checkpoint }, { checkpoint }]
  return { outputs }
}
