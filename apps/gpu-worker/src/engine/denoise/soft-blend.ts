import type { SoftInpainting } from '@atelier/proto'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** What is added to a length before it is divided by (A1111). */
const LEAST_LENGTH = 1e-5

/**
 * Blends a drawn latent with the kept one as A1111's soft inpainting does at a sigma (its timestep samplers: a timestep):
 * the mask [any shape of the latent], 1 = drawn, is raised to a power that falls with the noise, vectors over the channels are
 * averaged, and their lengths apart from that by a power mean. All [images, channels, h, w].
 */
export function blendSoftly(
  drawn: Tensor,
  kept: Tensor,
  { mask, sigma, settings }: { mask: Tensor; sigma: number; settings: SoftInpainting },
): Tensor {
  const [images, channels, height, width] = drawn.shape as [number, number, number, number]
  const plane = height * width
  const power = sigma ** settings.scheduleBias * settings.preservationStrength
  const output = createTensor(drawn.shape)
  for (let image = 0; image < images; image += 1) {
    for (let place = 0; place < plane; place += 1) {
      const first = image * channels * plane + place
      const share = Math.fround(mask.data[first]! ** power)
      const factor = findLength(drawn, kept, { first, plane, channels, share, boost: settings.contrastBoost })
      for (let c = 0; c < channels; c += 1) {
        const at = first + c * plane
        const own = Math.fround(mask.data[at]! ** power)
        output.data[at] = factor * (kept.data[at]! * (1 - own) + drawn.data[at]! * own)
      }
    }
  }
  return output
}

interface Vector {
  /** Index of its first channel, and the distance to the next. */
  readonly first: number
  readonly plane: number
  readonly channels: number
  readonly share: number
  readonly boost: number
}

/** Factor that gives the blended vector the power mean of both lengths. */
function findLength(drawn: Tensor, kept: Tensor, { first, plane, channels, share, boost }: Vector): number {
  let [ofDrawn, ofKept, ofBlend] = [0, 0, 0]
  for (let at = first; at < first + channels * plane; at += plane) {
    const [a, b] = [kept.data[at]!, drawn.data[at]!]
    ofKept += a * a
    ofDrawn += b * b
    ofBlend += (a * (1 - share) + b * share) ** 2
  }
  const wanted = (ofKept ** (boost / 2) * (1 - share) + ofDrawn ** (boost / 2) * share) ** (1 / boost)
  return wanted / (Math.sqrt(ofBlend) + LEAST_LENGTH)
}
