import { createTensor } from '../tensor/tensor.ts'
import type { LatentValue, NodeExecution } from '../node-graph/node-context.ts'

/** A batch of empty latents. */
export const emptyLatentImage: NodeExecution = async (inputs) => {
  const [width, height] = [inputs.integer('width'), inputs.integer('height')]
  const shape = [inputs.integer('batch_size'), 4, Math.floor(height / 8), Math.floor(width / 8)]
  return { outputs: [{ samples: createTensor(shape) } satisfies LatentValue] }
}
