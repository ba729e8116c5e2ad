import { blurFloats } from '../../opencv/gaussian-blur.ts'
import { spreadChannel, toFloats } from '../../opencv/raster.ts'
import type { Preprocess } from './preprocessor.ts'
import { cutPadding, toWorkingPicture } from './working-picture.ts'

const SIGMA = 6
/** Darkness that counts as a line, and the least that lines are measured against. */
const LINE = { above: 8, atLeast: 16 }
/** Brightness the middle one of the lines gets. */
const MIDDLE = 127

/** Lines darker than their surroundings as white on black, brought to one strength. */
export const lineartStandard: Preprocess = (picture, { resolution }) => {
  const { padded, fitted } = toWorkingPicture(picture, resolution)
  const source = toFloats(padded)
  const { data: blurred } = blurFloats(source, SIGMA)
  const darkness = Float32Array.from({ length: padded.width * padded.height }, (_, i) => {
    const least = Math.min(
      ...[0, 1, 2].map((c) => Math.fround(blurred[3 * i + c]! - source.data[3 * i + c]!)),
    )
    return Math.min(Math.max(least, 0), 255)
  })
  const lines = darkness.filter((value) => value > LINE.above)
  const unit = Math.fround(Math.max(LINE.atLeast, lines.length === 0 ? 0 : median(lines)))
  const output = Uint8Array.from(darkness, (value) =>
    Math.trunc(Math.min(Math.fround(Math.fround(value / unit) * MIDDLE), 255)),
  )
  const { width, height } = padded
  return cutPadding(spreadChannel({ width, height, channels: 1, data: output }), fitted)
}

function median(values: Float32Array): number {
  const sorted = values.slice().sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : Math.fround(Math.fround(sorted[middle - 1]! + sorted[middle]!) / 2)
}
