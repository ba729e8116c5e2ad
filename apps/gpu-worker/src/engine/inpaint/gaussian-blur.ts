import type { Pixels } from '../image/pixels.ts'

/** Box blurs that stand in for a Gaussian. */
const PASSES = 3
/** Fraction bits of the box's weights. */
const FRACTION = 2 ** 24

/** Blurs as Pillow's GaussianBlur does: three box blurs of fractional radius along the rows, then along the columns. */
export function blurGaussian(picture: Pixels, radius: number): Pixels {
  if (radius <= 0) return picture
  const box = toBoxRadius(radius)
  const across = blurLines(picture.data, picture, box, { length: picture.width, step: 1 })
  const down = blurLines(across, picture, box, { length: picture.height, step: picture.width })
  return { ...picture, data: down }
}

/** Radius of the boxes whose passes have a Gaussian's variance (Gwosdek et al. 2011, extended box filter). */
function toBoxRadius(radius: number): number {
  const variance = (radius * radius) / PASSES
  const whole = Math.floor((Math.sqrt(12 * variance + 1) - 1) / 2)
  const rest = (2 * whole + 1) * (whole * (whole + 1) - 3 * variance)
  return Math.fround(whole + rest / (6 * (variance - (whole + 1) ** 2)))
}

function blurLines(
  data: Uint8Array,
  { width, height, channels }: Pixels,
  radius: number,
  { length, step }: { length: number; step: number },
): Uint8Array {
  const output = new Uint8Array(data)
  const lines = step === 1 ? height : width
  const line = new Uint8Array(length)
  for (let index = 0; index < lines; index += 1) {
    const start = step === 1 ? index * width : index
    for (let c = 0; c < channels; c += 1) {
      for (let i = 0; i < length; i += 1) line[i] = output[(start + i * step) * channels + c]!
      let blurred = line
      for (let pass = 0; pass < PASSES; pass += 1) blurred = blurLine(blurred, radius)
      for (let i = 0; i < length; i += 1) output[(start + i * step) * channels + c] = blurred[i]!
    }
  }
  return output
}

/** One box over one line; beyond its ends the end values go on. */
function blurLine(line: Uint8Array, radius: number): Uint8Array<ArrayBuffer> {
  const last = line.length - 1
  const whole = Math.trunc(radius)
  const weight = Math.trunc(Math.fround(FRACTION / Math.fround(radius * 2 + 1)))
  const edge = Math.trunc((FRACTION - (2 * whole + 1) * weight) / 2)
  const at = (index: number) => line[Math.min(Math.max(index, 0), last)]!
  const output = new Uint8Array(line.length)
  let sum = 0
  for (let k = -whole; k <= whole; k += 1) sum += at(k)
  for (let i = 0; i <= last; i += 1) {
    const total = sum * weight + (at(i - whole - 1) + at(i + whole + 1)) * edge
    output[i] = Math.floor((total + FRACTION / 2) / FRACTION)
    sum += at(i + whole + 1) - at(i - whole)
  }
  return output
}
