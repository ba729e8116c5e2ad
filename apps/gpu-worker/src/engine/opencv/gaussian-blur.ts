import { reflect, roundEven, type ByteRaster, type FloatRaster } from './raster.ts'

/** Fixed point of the weights over bytes. */
const FRACTION = 256
/** Deviations on each side that a kernel reaches, over bytes and over floats. */
const REACH = { bytes: 3, floats: 4 }

/** OpenCV's Gaussian blur of bytes with a kernel chosen by sigma: weights in 1/256, rounded once at the end. */
export function blurBytes(source: ByteRaster, sigma: number): ByteRaster {
  const weights = fixWeights(listWeights(sigma, REACH.bytes))
  const across = sweep(source, weights, 'x', new Uint16Array(source.data.length))
  const sums = sweep({ ...source, data: across }, weights, 'y', new Uint32Array(source.data.length))
  const half = (FRACTION * FRACTION) / 2
  return { ...source, data: Uint8Array.from(sums, (sum) => (sum + half) >>> 16) }
}

/** OpenCV's Gaussian blur of floats with a kernel chosen by sigma. */
export function blurFloats(source: FloatRaster, sigma: number): FloatRaster {
  const weights = listWeights(sigma, REACH.floats).map(Math.fround)
  const across = sweep(source, weights, 'x', new Float32Array(source.data.length))
  return {
    ...source,
    data: sweep({ ...source, data: across }, weights, 'y', new Float32Array(across.length)),
  }
}

function listWeights(sigma: number, reach: number): number[] {
  const taps = roundEven(sigma * reach * 2 + 1) | 1
  const middle = (taps - 1) / 2
  const raw = Array.from({ length: taps }, (_, i) => Math.exp(-((i - middle) ** 2) / (2 * sigma * sigma)))
  const total = raw.reduce((sum, weight) => sum + weight, 0)
  return raw.map((weight) => weight / total)
}

/** Weights in 1/256: what rounding takes from one goes to the next, and what is left to the middle. */
function fixWeights(exact: readonly number[]): number[] {
  const middle = (exact.length - 1) / 2
  let left = 0
  const side = exact.slice(0, middle).map((weight) => {
    const wanted = weight * FRACTION + left
    const rounded = roundEven(wanted)
    left = wanted - rounded
    return rounded
  })
  const rest = FRACTION - 2 * side.reduce((sum, weight) => sum + weight, 0)
  return [...side, rest, ...side.toReversed()]
}

interface Samples {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly data: ArrayLike<number>
}

/** Weighted sums along one axis; beyond the edges the picture is mirrored. */
function sweep<Output extends Uint16Array | Uint32Array | Float32Array>(
  { width, height, channels, data }: Samples,
  weights: readonly number[],
  axis: 'x' | 'y',
  output: Output,
): Output {
  const radius = (weights.length - 1) / 2
  const [length, step] = axis === 'x' ? [width, channels] : [height, width * channels]
  const offsets = Array.from({ length }, (_, at) =>
    Int32Array.from(weights, (_weight, k) => (reflect(at + k - radius, length) - at) * step),
  )
  for (let i = 0; i < output.length; i += 1) {
    const own = offsets[Math.floor(i / step) % length]!
    let sum = 0
    for (let k = 0; k < own.length; k += 1) sum += data[i + own[k]!]! * weights[k]!
    output[i] = sum
  }
  return output
}
