import { blurFloats } from '../../opencv/gaussian-blur.ts'
import { toFloats } from '../../opencv/raster.ts'
import type { Preprocess } from './preprocessor.ts'
import { cutPadding, toWorkingPicture } from './working-picture.ts'

/** Sigmas whose difference shows lines, pixels. */
const SIGMAS = { fine: 0.5, coarse: 5 }

/** Broad lines where a picture is darker than its surroundings (a difference of Gaussians); white on black. */
export const scribbleXdog: Preprocess = (picture, { resolution, thresholdA }) => {
  const { padded, fitted } = toWorkingPicture(picture, resolution)
  const source = toFloats(padded)
  const [fine, coarse] = [SIGMAS.fine, SIGMAS.coarse].map((sigma) => blurFloats(source, sigma).data)
  const output = new Uint8Array(padded.data.length)
  for (let i = 0; i < output.length; i += 3) {
    const difference = Math.min(...[0, 1, 2].map((c) => Math.fround(coarse![i + c]! - fine![i + c]!)))
    const lightness = Math.trunc(Math.min(Math.max(255 - difference, 0), 255))
    // Bytes: twice the darkness goes round at 256.
    if (((2 * (255 - lightness)) & 0xff) > thresholdA) output.fill(255, i, i + 3)
  }
  return cutPadding({ ...padded, data: output }, fitted)
}
