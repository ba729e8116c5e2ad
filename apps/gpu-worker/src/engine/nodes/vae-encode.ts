import { joinRows, sliceRows } from '../denoise/combine.ts'
import type { LatentValue, NodeContext, NodeExecution, VaeValue } from '../node-graph/node-context.ts'
import { toChannelsFirst } from '../resample/resize-tensor.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { useVaeOf } from './use-parts.ts'

/** Encodes pictures to latents; sides are cut to multiples of eight, evenly on both sides. */
export const vaeEncode: NodeExecution = async (inputs, context) => {
  const samples = await encodePictures(inputs.value<Tensor>('pixels'), inputs.value<VaeValue>('vae'), context)
  return { outputs: [{ samples } satisfies LatentValue] }
}

/** Latents [batch, 4, h, w], unscaled, of pictures [batch, height, width, 3 or more], 0 to 1. */
export async function encodePictures(
  pictures: Tensor,
  vaeValue: VaeValue,
  { models }: Pick<NodeContext, 'models'>,
): Promise<Tensor> {
  const use = await useVaeOf(vaeValue, models)
  try {
    const vae = use.value
    const pixels = toNetworkPixels(pictures, vae.cell)
    const latents = []
    for (let row = 0; row < pixels.shape[0]!; row += 1)
      latents.push((await vae.encode(sliceRows(pixels, row, row + 1))).mean)
    return joinRows(latents)
  } finally {
    use.done()
  }
}

/** [batch, height, width, 3 or more], 0 to 1, to [batch, 3, h, w], -1 to 1, sides cut to multiples of a latent cell's. */
export function toNetworkPixels(image: Tensor, cell = 8): Tensor {
  const [batch, height, width, channels] = image.shape as [number, number, number, number]
  const [h, w] = [height - (height % cell), width - (width % cell)]
  const [top, left] = [Math.floor((height % cell) / 2), Math.floor((width % cell) / 2)]
  const cut = createTensor([batch, h, w, 3])
  for (let b = 0; b < batch; b += 1) {
    for (let y = 0; y < h; y += 1) {
      for (let x = 0; x < w; x += 1) {
        const from = ((b * height + y + top) * width + x + left) * channels
        for (let c = 0; c < 3; c += 1) cut.data[((b * h + y) * w + x) * 3 + c] = image.data[from + c]! * 2 - 1
      }
    }
  }
  return toChannelsFirst(cut)
}
