import type { NodeExecution } from '../node-graph/node-context.ts'
import { createTensor } from '../tensor/tensor.ts'

/** Pictures of one colour, given as 0xRRGGBB. */
export const emptyImage: NodeExecution = async (inputs) => {
  const shape = [inputs.integer('batch_size'), inputs.integer('height'), inputs.integer('width'), 3]
  const colour = inputs.integer('color')
  const channels = [16, 8, 0].map((shift) => ((colour >> shift) & 0xff) / 0xff)
  const image = createTensor(shape)
  for (let i = 0; i < image.data.length; i += 1) image.data[i] = channels[i % 3]!
  return { outputs: [image] }
}
