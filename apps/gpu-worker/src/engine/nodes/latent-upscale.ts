import type { LatentValue, NodeExecution } from '../node-graph/node-context.ts'
import { roundHalfEven, upscale, type UpscaleMethod } from '../resample/common-upscale.ts'

/** Smallest side, pixels. */
const MINIMUM_SIDE = 64

/** Resizes latents to a size in pixels; a side of 0 follows the other, two leave the latent alone. */
export const latentUpscale: NodeExecution = async (inputs) => {
  const latent = inputs.value<LatentValue>('samples')
  const [askedWidth, askedHeight] = [inputs.integer('width'), inputs.integer('height')]
  if (askedWidth === 0 && askedHeight === 0) return { outputs: [latent] }
  const [, , rows, columns] = latent.samples.shape as [number, number, number, number]
  const atLeast = (side: number) => Math.max(MINIMUM_SIDE, side)
  const height =
    askedHeight === 0 ? atLeast(roundHalfEven((rows * atLeast(askedWidth)) / columns)) : atLeast(askedHeight)
  const width =
    askedWidth === 0 ? atLeast(roundHalfEven((columns * atLeast(askedHeight)) / rows)) : atLeast(askedWidth)
  const size = { width: Math.floor(width / 8), height: Math.floor(height / 8) }
  const method = inputs.text('upscale_method') as UpscaleMethod
  return {
    outputs: [{ ...latent, samples: upscale(latent.samples, size, { method, crop: inputs.text('crop') }) }],
  }
}
