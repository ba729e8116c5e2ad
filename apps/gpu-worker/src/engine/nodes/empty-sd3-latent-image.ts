import type { LatentValue, NodeExecution } from '../node-graph/node-context.ts'
import { createTensor } from '../tensor/tensor.ts'

/** Channels of the latents this class was made for; a sampler makes an empty one anew with those of its model. */
const CHANNELS = 16
const PIXELS_PER_CELL = 8

/** An empty latent [batch, 16, h, w]. */
export const emptySd3LatentImage: NodeExecution = async (inputs) => {
  const cells = (name: string) => Math.floor(inputs.integer(name) / PIXELS_PER_CELL)
  const samples = createTensor([inputs.integer('batch_size'), CHANNELS, cells('height'), cells('width')])
  return { outputs: [{ samples } satisfies LatentValue] }
}
