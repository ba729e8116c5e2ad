import type { ModelSampling } from '../model-sampling.ts'

/** What a schedule is made for. */
export interface ScheduleInputs {
  /** Sigmas wanted, the final zero not counted. */
  readonly count: number
  /** Smallest and largest sigma to span. */
  readonly sigmaMin: number
  readonly sigmaMax: number
  /** Curve parameter; undefined: the schedule's own. */
  readonly rho?: number | undefined
  /** Shape of the beta distribution; undefined: 0.6, 0.6. */
  readonly beta?: { readonly alpha: number; readonly beta: number } | undefined
  /** The model is an SDXL: Align Your Steps has a list of its own for it. */
  readonly isSdxl?: boolean | undefined
  readonly model: ModelSampling
}

/** Gives descending sigmas; a final zero is appended by the caller unless `isComplete`. */
export interface Schedule {
  readonly sigmas: (inputs: ScheduleInputs) => number[]
  /** The list already ends where it should. */
  readonly isComplete?: boolean
}

/** Rounds to f32, as the originals' tensors do after each operation: Brownian noise depends on the last digits. */
export const f32 = Math.fround

/**
 * `count` f32 values from `start` to `end`, both included, as torch.linspace rounds them: one rounding for product and
 * sum, the second half counted from the end. One value is the start.
 */
export function linspace(start: number, end: number, count: number): number[] {
  if (count === 1) return [f32(start)]
  const step = f32(f32(f32(end) - f32(start)) / (count - 1))
  const half = Math.floor(count / 2)
  return Array.from({ length: count }, (_, i) =>
    i < half ? f32(f32(start) + step * i) : f32(f32(end) - step * (count - 1 - i)),
  )
}

/** The same in double precision, as NumPy gives it. */
export function linspaceDouble(start: number, end: number, count: number): number[] {
  if (count === 1) return [start]
  const step = (end - start) / (count - 1)
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? end : start + i * step))
}

/** A list of sigmas brought to another number of points by interpolation of logarithms; a single one is the last. */
export function resampleLogarithms(list: readonly number[], count: number): number[] {
  if (count === 1) return [list.at(-1)!]
  return linspaceDouble(0, list.length - 1, count).map((at) => {
    const low = Math.min(Math.floor(at), list.length - 2)
    const share = at - low
    return f32(Math.exp((1 - share) * Math.log(list[low]!) + share * Math.log(list[low + 1]!)))
  })
}

/** Nearest whole number, halves to the even one, as Python and torch round. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}
