import { EngineError } from '../engine-error.ts'
import type { ModelValue } from '../node-graph/node-context.ts'
import type { NodeTable } from './node-table.ts'

/** Windows over batches. */
export const contextWindowNodes: NodeTable = {
  // A Stable Diffusion model sees each picture of a batch by itself: through whatever windows, it predicts the same.
  ContextWindowsManual: async (inputs) => {
    if (inputs.integer('dim') === 0) return { outputs: [inputs.value<ModelValue>('model')] }
    throw new EngineError(
      'invalid-request',
      'context windows along other dimensions than 0, the batch, are not supported',
      {
        exceptionType: 'NotImplementedError',
      },
    )
  },
}
