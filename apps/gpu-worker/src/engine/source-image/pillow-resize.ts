import type { Pixels } from '../image/pixels.ts'

/** Bits of the fixed-point coefficients of Pillow's 8-bit resampling. */
const PRECISION_BITS = 32 - 8 - 2

/** A resampling filter: its weight at a distance, and the distance beyond which it is zero. */
interface Filter {
  readonly support: number
  readonly weight: (x: number) => number
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))

/** Keys' cubic kernel with Pillow's parameter. */
function cubicWeight(x: number): number {
  const a = -0.5
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
}

/** Pillow's filters by name. */
export const FILTERS = {
  lanczos: { support: 3, weight: (x) => (x > -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
  bicubic: { support: 2, weight: (x) => cubicWeight(Math.abs(x)) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
} as const satisfies Record<string, Filter>

/** Resizes as Pillow does, to the last bit: two passes of fixed-point sums, columns first. */
export function resizePixels(
  source: Pixels,
  width: number,
  height: number,
  filter: keyof typeof FILTERS | 'nearest',
): Pixels {
  if (filter === 'nearest') return takeNearest(source, width, height)
  const across = source.width === width ? source : resizeRows(source, width, FILTERS[filter])
  if (across.height === height) return across
  // Height is width of the transposed picture.
  return transposePixels(resizeRows(transposePixels(across), height, FILTERS[filter]))
}

function takeNearest({ width, height, channels, data }: Pixels, toWidth: number, toHeight: number): Pixels {
  const output = new Uint8Array(toWidth * toHeight * channels)
  const [columns, rows] = [indexNearest(width, toWidth), indexNearest(height, toHeight)]
  let next = 0
  for (const row of rows) {
    for (const column of columns) {
      for (let c = 0; c < channels; c += 1) output[next++] = data[(row * width + column) * channels + c]!
    }
  }
  return { width: toWidth, height: toHeight, channels, data: output }
}

/** Pillow adds up positions step by step, rounding errors included. */
function indexNearest(size: number, target: number): number[] {
  const step = size / target
  let at = step * 0.5
  return Array.from({ length: target }, () => {
    const index = Math.min(Math.floor(at), size - 1)
    at += step
    return index
  })
}

function resizeRows({ width, height, channels, data }: Pixels, target: number, filter: Filter): Pixels {
  const taps = computeTaps(width, target, filter)
  const output = new Uint8Array(target * height * channels)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < target; x += 1) {
      const { start, weights } = taps[x]!
      for (let c = 0; c < channels; c += 1) {
        let sum = 2 ** (PRECISION_BITS - 1)
        for (let i = 0; i < weights.length; i += 1)
          sum += data[(y * width + start + i) * channels + c]! * weights[i]!
        output[(y * target + x) * channels + c] = Math.min(
          Math.max(Math.floor(sum / 2 ** PRECISION_BITS), 0),
          255,
        )
      }
    }
  }
  return { width: target, height, channels, data: output }
}

interface Taps {
  readonly start: number
  readonly weights: readonly number[]
}

function computeTaps(size: number, target: number, filter: Filter): Taps[] {
  const ratio = size / target
  const stretch = Math.max(ratio, 1)
  const support = filter.support * stretch
  return Array.from({ length: target }, (_, i) => {
    const centre = (i + 0.5) * ratio
    const start = Math.max(Math.trunc(centre - support + 0.5), 0)
    const end = Math.min(Math.trunc(centre + support + 0.5), size)
    const raw = Array.from({ length: end - start }, (__, k) =>
      filter.weight((start + k - centre + 0.5) / stretch),
    )
    const total = raw.reduce((sum, weight) => sum + weight, 0)
    const weights = raw.map((weight) => {
      const scaled = (weight / total) * 2 ** PRECISION_BITS
      return scaled < 0 ? Math.trunc(scaled - 0.5) : Math.trunc(scaled + 0.5)
    })
    return { start, weights }
  })
}

/** A picture with rows for columns. */
export function transposePixels({ width, height, channels, data }: Pixels): Pixels {
  const output = new Uint8Array(data.length)
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      for (let c = 0; c < channels; c += 1) {
        output[(x * height + y) * channels + c] = data[(y * width + x) * channels + c]!
      }
    }
  }
  return { width: height, height: width, channels, data: output }
}
