import { findEdges } from '../../opencv/canny.ts'
import { spreadChannel } from '../../opencv/raster.ts'
import type { Preprocess } from './preprocessor.ts'
import { cutPadding, toWorkingPicture } from './working-picture.ts'

/** White edges on black. */
export const canny: Preprocess = (picture, { resolution, thresholdA, thresholdB }) => {
  const { padded, fitted } = toWorkingPicture(picture, resolution)
  const edges = findEdges(padded, Math.trunc(thresholdA), Math.trunc(thresholdB))
  return cutPadding(spreadChannel(edges), fitted)
}
