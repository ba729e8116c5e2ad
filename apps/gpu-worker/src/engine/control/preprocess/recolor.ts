import type { Pixels } from '../../image/pixels.ts'
import { toLab } from '../../inpaint/lab.ts'
import { spreadChannel } from '../../opencv/raster.ts'
import type { Preprocess } from './preprocessor.ts'
import { flattenOnWhite } from './working-picture.ts'

/** Lightness as L*a*b* has it, red and blue taken for each other as in the original. */
export const recolorLuminance: Preprocess = (picture, { thresholdA }) => {
  const source = flattenOnWhite(picture)
  const swapped = Uint8Array.from(source.data, (_, i) => source.data[i - (i % 3) + 2 - (i % 3)]!)
  const lab = toLab(swapped)
  return withGamma(source, (i) => lab[3 * i]!, thresholdA)
}

/** The strongest of red, green and blue. */
export const recolorIntensity: Preprocess = (picture, { thresholdA }) => {
  const source = flattenOnWhite(picture)
  const { data } = source
  return withGamma(source, (i) => Math.max(data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!), thresholdA)
}

function withGamma({ width, height }: Pixels, valueAt: (pixel: number) => number, gamma: number): Pixels {
  const curve = Uint8Array.from({ length: 256 }, (_, value) => {
    const raised = Math.fround(Math.fround(value / 255) ** gamma)
    return Math.trunc(Math.min(Math.fround(raised * 255), 255))
  })
  const output = Uint8Array.from({ length: width * height }, (_, pixel) => curve[valueAt(pixel)]!)
  return spreadChannel({ width, height, channels: 1, data: output })
}
