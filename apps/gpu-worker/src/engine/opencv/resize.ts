import { resizeByArea } from './resize-area.ts'
import { resizeByTaps, sumOf, type MixColumn, type TapsOf } from './resize-by-taps.ts'
import { resizeCubic } from './resize-cubic.ts'
import { createLike, roundEven, type Raster, type Size } from './raster.ts'

/** Interpolations of OpenCV's resize that are used here. */
export type Interpolation = 'nearest' | 'cubic' | 'area'

/** Fixed point of weights over bytes. */
const COEFFICIENT_SCALE = 2048

/** A raster at another size, as OpenCV's resize computes it; floats and bytes each by their own arithmetic. */
export function resizeRaster<R extends Raster>(source: R, size: Size, interpolation: Interpolation): R {
  if (interpolation === 'nearest') return resizeNearest(source, size)
  if (interpolation === 'cubic') return resizeCubic(source, size)
  if (source.width >= size.width && source.height >= size.height) return resizeByArea(source, size)
  return source.data instanceof Uint8Array
    ? resizeByTaps(source, size, { tapsOf: fixedGrowTaps, mix: mixFixed })
    : resizeByTaps(source, size, { tapsOf: growTaps, mix: sumOf })
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

/** What OpenCV makes of an average where one side grows. */
const growTaps: TapsOf = (size, target) => {
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

/** The same in fixed point. */
const fixedGrowTaps: TapsOf = (size, target) =>
  growTaps(size, target).map(({ start, weights }) => ({
    start,
    weights: weights.map((weight) => roundEven(weight * COEFFICIENT_SCALE)),
  }))

/** OpenCV cuts each product by itself. */
const mixFixed: MixColumn = (samples, weights) => {
  let sum = 0
  for (let k = 0; k < weights.length; k += 1) sum += (weights[k]! * (samples[k]! >> 4)) >> 16
  return (sum + 2) >> 2
}
