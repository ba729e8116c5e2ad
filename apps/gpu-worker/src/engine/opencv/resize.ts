import { resizeByArea } from './resize-area.ts'
import { createLike, roundEven, toByte, type Raster, type Samples, type Size } from './raster.ts'

/** Interpolations of OpenCV's resize that are used here. */
export type Interpolation = 'nearest' | 'cubic' | 'area'

/** Fixed point of weights over bytes. */
const COEFFICIENT_SCALE = 2048
/** Sharpness of OpenCV's cubic. */
const CUBIC = -0.75

/** A raster at another size, as OpenCV's resize computes it; floats and bytes each by their own arithmetic. */
export function resizeRaster<R extends Raster>(source: R, size: Size, interpolation: Interpolation): R {
  if (interpolation === 'nearest') return resizeNearest(source, size)
  const isSmaller = source.width >= size.width && source.height >= size.height
  if (interpolation === 'area' && isSmaller) return resizeByArea(source, size)
  const taps = interpolation === 'cubic' ? cubicTaps : areaTaps
  return resizeByTaps(source, size, taps)
}

function resizeNearest<R extends Raster>(source: R, { width, height }: Size): R {
  const { channels, data } = source
  const output = createLike(data, width * height * channels)
  // Ratios as OpenCV takes them, one over the factor.
  const [scaleX, scaleY] = [1 / (width / source.width), 1 / (height / source.height)]
  for (let y = 0; y < height; y += 1) {
    const fromY = Math.min(Math.floor(y * scaleY), source.height - 1)
    for (let x = 0; x < width; x += 1) {
      const from = (fromY * source.width + Math.min(Math.floor(x * scaleX), source.width - 1)) * channels
      for (let c = 0; c < channels; c += 1) output[(y * width + x) * channels + c] = data[from + c]!
    }
  }
  return { ...source, width, height, data: output }
}

/** The first source index of an output index, and the weights from there on. */
interface Tap {
  readonly start: number
  readonly weights: readonly number[]
}

function cubicTaps(size: number, target: number): Tap[] {
  const scale = 1 / (target / size)
  return Array.from({ length: target }, (_, i) => {
    const at = Math.fround((i + 0.5) * scale - 0.5)
    const low = Math.floor(at)
    return { start: low - 1, weights: cubicWeights(Math.fround(at - low)) }
  })
}

/** Weights of four neighbours, each operation in floats as OpenCV's. */
function cubicWeights(x: number): number[] {
  const f = Math.fround
  const near = (d: number) => f(f(f(f(f((CUBIC + 2) * d) - (CUBIC + 3)) * d) * d) + 1)
  const after = f(x + 1)
  const first = f(f(f(f(f(f(f(CUBIC * after) - 5 * CUBIC) * after) + 8 * CUBIC) * after)) - 4 * CUBIC)
  const [second, third] = [near(x), near(f(1 - x))]
  return [first, second, third, f(f(f(1 - first) - second) - third)]
}

/** What OpenCV makes of an average where one side grows. */
function areaTaps(size: number, target: number): Tap[] {
  const factor = target / size
  return Array.from({ length: target }, (_, i) => {
    const low = Math.floor(i * (1 / factor))
    const at = i + 1 - (low + 1) * factor
    const share = Math.fround(at <= 0 ? 0 : at - Math.floor(at))
    return low >= size - 1
      ? { start: size - 1, weights: [1, 0] }
      : { start: low, weights: [Math.fround(1 - share), share] }
  })
}

function resizeByTaps<R extends Raster>(
  source: R,
  { width, height }: Size,
  toTaps: (size: number, target: number) => Tap[],
): R {
  const { channels, data } = source
  const isBytes = data instanceof Uint8Array
  // Of bytes, two neighbours are mixed in fixed point, four in floats (as its builds for x86 do).
  const isFixed = isBytes && toTaps === areaTaps
  const fix = (taps: Tap[]): Tap[] =>
    isFixed
      ? taps.map(({ start, weights }) => ({
          start,
          weights: weights.map((weight) => roundEven(weight * COEFFICIENT_SCALE)),
        }))
      : taps
  const across = sweepRows(source, width, fix(toTaps(source.width, width)))
  const output = createLike(data, width * height * channels)
  const row = width * channels
  for (const [y, { start, weights }] of fix(toTaps(source.height, height)).entries()) {
    for (let x = 0; x < row; x += 1) {
      let sum = 0
      for (const [k, weight] of weights.entries()) {
        const from = Math.min(Math.max(start + k, 0), source.height - 1)
        const sample = across[from * row + x]!
        // OpenCV cuts each product by itself.
        sum += isFixed ? (weight * (sample >> 4)) >> 16 : sample * weight
      }
      output[y * row + x] = isFixed ? (sum + 2) >> 2 : isBytes ? toByte(sum) : sum
    }
  }
  return { ...source, width, height, data: output }
}

/** Sums along rows. */
function sweepRows(
  { width: from, height, channels, data }: Raster,
  width: number,
  taps: readonly Tap[],
): Samples {
  const length = height * width * channels
  const output = data instanceof Float32Array ? new Float32Array(length) : new Float64Array(length)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const { start, weights } = taps[x]!
      for (let c = 0; c < channels; c += 1) {
        let sum = 0
        for (let k = 0; k < weights.length; k += 1) {
          const at = Math.min(Math.max(start + k, 0), from - 1)
          sum += data[(y * from + at) * channels + c]! * weights[k]!
        }
        output[(y * width + x) * channels + c] = sum
      }
    }
  }
  return output
}
