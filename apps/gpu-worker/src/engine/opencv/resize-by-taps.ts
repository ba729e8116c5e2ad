import { createLike, type Raster, type Samples, type Size } from './raster.ts'

/** The first source index of an output index, and the weights from there on; indexes beyond an edge are the edge's. */
export interface Tap {
  readonly start: number
  readonly weights: readonly number[]
}

/** Of every output index of an axis. */
export type TapsOf = (size: number, target: number) => readonly Tap[]

/** The sum of samples of a column by their weights, as it is stored; `place` is where in its row of `length` samples. */
export type MixColumn = (
  samples: readonly number[],
  weights: readonly number[],
  at: { readonly place: number; readonly length: number },
) => number

/** A raster at another size: sums along its rows, then along its columns. */
export function resizeByTaps<R extends Raster>(
  source: R,
  { width, height }: Size,
  { tapsOf, mix }: { readonly tapsOf: TapsOf; readonly mix: MixColumn },
): R {
  const across = sweepRows(source, width, tapsOf(source.width, width))
  const length = width * source.channels
  const output = createLike(source.data, length * height)
  const at = { place: 0, length }
  for (const [y, { start, weights }] of tapsOf(source.height, height).entries()) {
    const rows = weights.map((_, k) => length * Math.min(Math.max(start + k, 0), source.height - 1))
    const samples = weights.map(() => 0)
    for (at.place = 0; at.place < length; at.place += 1) {
      for (let k = 0; k < rows.length; k += 1) samples[k] = across[rows[k]! + at.place]!
      output[y * length + at.place] = mix(samples, weights, at)
    }
  }
  return { ...source, width, height, data: output }
}

/** Sums along rows; of floats as floats, of all else exact. */
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

/** The weighted sum itself. */
export function sumOf(samples: readonly number[], weights: readonly number[]): number {
  let sum = 0
  for (let k = 0; k < weights.length; k += 1) sum += samples[k]! * weights[k]!
  return sum
}
