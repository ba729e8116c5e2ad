import type { Preprocess } from './preprocessor.ts'
import { cutPadding, toWorkingPicture } from './working-picture.ts'

/** White where all of red, green and blue are above the first setting. */
export const threshold: Preprocess = (picture, { resolution, thresholdA }) => {
  const { padded, fitted } = toWorkingPicture(picture, resolution)
  const output = new Uint8Array(padded.data.length)
  for (let i = 0; i < output.length; i += 3) {
    const darkest = Math.min(padded.data[i]!, padded.data[i + 1]!, padded.data[i + 2]!)
    if (darkest > thresholdA) output.fill(255, i, i + 3)
  }
  return cutPadding({ ...padded, data: output }, fitted)
}
