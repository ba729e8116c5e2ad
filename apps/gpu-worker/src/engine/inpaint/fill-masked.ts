import type { Pixels } from '../image/pixels.ts'
import { dropAlpha, keepUnmasked, layOver, unmultiply } from './alpha.ts'
import { blurGaussian } from './gaussian-blur.ts'
import type { Grey } from './grey.ts'

/** Blur radii, pixels, and how often each is laid over the ones before: wide first, the picture itself last. */
const LAYERS = [
  { radius: 256, repeats: 1 },
  { radius: 64, repeats: 1 },
  { radius: 16, repeats: 2 },
  { radius: 4, repeats: 4 },
  { radius: 2, repeats: 2 },
  { radius: 0, repeats: 1 },
] as const

/** Fills the masked part of a picture with colours that run in from around it. */
export function fillMasked(picture: Pixels, mask: Grey): Pixels {
  const { width, height } = picture
  const kept = keepUnmasked(picture, mask)
  const filled: Pixels = { width, height, channels: 4, data: new Uint8Array(width * height * 4) }
  for (const { radius, repeats } of LAYERS) {
    const blurred = unmultiply(blurGaussian(kept, radius))
    for (let i = 0; i < repeats; i += 1) layOver(filled, blurred)
  }
  return dropAlpha(filled)
}
