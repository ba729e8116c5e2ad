import { resizeRaster } from '../../opencv/resize.ts'
import type { Preprocess } from './preprocessor.ts'
import { flattenOnWhite } from './working-picture.ts'

/** A rate below this changes nothing. */
const SMALLEST_RATE = 1.1

/** The picture made smaller by the first setting. */
export const tileResample: Preprocess = (picture, { thresholdA }) => {
  const source = flattenOnWhite(picture)
  if (thresholdA < SMALLEST_RATE) return source
  const [width, height] = [source.width, source.height].map((side) => Math.trunc(side / thresholdA))
  return resizeRaster(source, { width: Math.max(width!, 1), height: Math.max(height!, 1) }, 'area')
}
