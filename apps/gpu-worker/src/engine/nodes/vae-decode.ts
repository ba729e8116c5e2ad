import { joinRows, sliceRows } from '../denoise/combine.ts'
import type { LatentValue, NodeExecution, VaeValue } from '../node-graph/node-context.ts'
import { toChannelsLast } from '../resample/resize-tensor.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { useVaeOf } from './use-parts.ts'

/** Decodes latents to pictures [batch, height, width, 3], 0 to 1. */
export const vaeDecode: NodeExecution = async (inputs, { models }) => {
  const { samples } = inputs.value<LatentValue>('samples')
  const use = await useVaeOf(inputs.value<VaeValue>('vae'), models)
  try {
    const vae = use.value
    const decoded = []
    for (let row = 0; row < samples.shape[0]!; row += 1)
      decoded.push(toPictures(await vae.decode(sliceRows(samples, row, row + 1))))
    return { outputs: [joinRows(decoded)] }
  } finally {
    use.done()
  }
}

/** Pixels [batch, 3, h, w], -1 to 1, as pictures. */
export function toPictures(pixels: Tensor): Tensor {
  const { shape, data } = toChannelsLast(pixels)
  return createTensor(
    shape,
    data.map((value) => Math.min(Math.max((value + 1) / 2, 0), 1)),
  )
}
