import { blurBytes } from '../../opencv/gaussian-blur.ts'
import type { Preprocess } from './preprocessor.ts'
import { toWorkingPicture } from './working-picture.ts'

/** The picture blurred; the first setting is sigma, pixels. */
export const blurGaussian: Preprocess = (picture, { resolution, thresholdA }) => {
  const { fitted } = toWorkingPicture(picture, resolution)
  return { ...fitted, data: blurBytes(fitted, thresholdA).data }
}
