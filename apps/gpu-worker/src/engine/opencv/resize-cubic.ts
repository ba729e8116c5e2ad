import { roundEven, toByte, type Raster, type Size } from './raster.ts'
import { resizeByTaps, sumOf, type MixColumn, type Tap, type TapsOf } from './resize-by-taps.ts'

const f32 = Math.fround

/** Sharpness of OpenCV's cubic. */
const CUBIC = -0.75
/** Fixed point of weights over bytes. */
const COEFFICIENT_BITS = 11
/** Bytes of a row that OpenCV sums at once. */
const LANES = 8
/** Pictures with a side below this go by OpenCV's own arithmetic. */
const LEAST_SIDE = 4

/**
 * Cubic interpolation as OpenCV's builds for x86 compute it: bytes and floats by Intel's library, as near to exact as floats
 * allow (of bytes one in a hundred thousand is rounded the other way); what that does not take, small pictures and doubles,
 * by its own arithmetic.
 */
export function resizeCubic<R extends Raster>(source: R, size: Size): R {
  const { data } = source
  const isBytes = data instanceof Uint8Array
  const isOwn = data instanceof Float64Array || Math.min(source.width, source.height) < LEAST_SIDE
  if (isBytes && isOwn) return resizeByTaps(source, size, { tapsOf: fixedTaps, mix: mixFixed })
  return resizeByTaps(source, size, {
    tapsOf: isOwn ? floatTaps : exactTaps,
    mix: isBytes ? (samples, weights) => toByte(f32(sumOf(samples, weights))) : sumOf,
  })
}

/** Weights of exact places, rounded to floats. */
const exactTaps: TapsOf = (size, target) =>
  Array.from({ length: target }, (_, i) => {
    const at = (i + 0.5) * (size / target) - 0.5
    const low = Math.floor(at)
    const share = at - low
    const near = (d: number) => f32(((CUBIC + 2) * d - (CUBIC + 3)) * d * d + 1)
    const far = (d: number) => f32(((CUBIC * d - 5 * CUBIC) * d + 8 * CUBIC) * d - 4 * CUBIC)
    return { start: low - 1, weights: [far(1 + share), near(share), near(1 - share), far(2 - share)] }
  })

/** Places and weights in floats throughout. */
const floatTaps: TapsOf = (size, target) => {
  const scale = 1 / (target / size)
  return Array.from({ length: target }, (_, i): Tap => {
    const at = f32((i + 0.5) * scale - 0.5)
    const low = Math.floor(at)
    return { start: low - 1, weights: floatWeights(f32(at - low)) }
  })
}

function floatWeights(x: number): number[] {
  const near = (d: number) => f32(f32(f32(f32(f32((CUBIC + 2) * d) - (CUBIC + 3)) * d) * d) + 1)
  const after = f32(x + 1)
  const first = f32(
    f32(f32(f32(f32(f32(f32(CUBIC * after) - 5 * CUBIC) * after) + 8 * CUBIC) * after)) - 4 * CUBIC,
  )
  const [second, third] = [near(x), near(f32(1 - x))]
  return [first, second, third, f32(f32(f32(1 - first) - second) - third)]
}

/** The same in fixed point. */
const fixedTaps: TapsOf = (size, target) =>
  floatTaps(size, target).map(({ start, weights }) => ({
    start,
    weights: weights.map((weight) => roundEven(weight * 2 ** COEFFICIENT_BITS)),
  }))

/** What fills whole lanes is summed in floats, from the last to the first; the rest of a row in integers. */
const mixFixed: MixColumn = (samples, weights, { place, length }) => {
  const bits = 2 * COEFFICIENT_BITS
  if (place >= length - (length % LANES)) return toByte((sumOf(samples, weights) + 2 ** (bits - 1)) >> bits)
  let sum = 0
  for (let k = weights.length - 1; k >= 0; k -= 1)
    sum = f32(sum + f32(f32(samples[k]!) * f32(weights[k]! / 2 ** bits)))
  return toByte(sum)
}
