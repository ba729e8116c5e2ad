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

/** `count` f32 values from `start` to `end`, both included, rounded as torch.linspace does; one value is the start. */
export function linspace(start: number, end: number, count: number): number[] {
  const step = f32(f32(f32(end) - f32(start)) / (count - 1))
  return Array.from({ length: count }, (_, i) => {
    if (count === 1) return f32(start)
    // The second half is counted from the end.
    return i < count / 2 ? f32(f32(start) + f32(step * i)) : f32(f32(end) - f32(step * (count - 1 - i)))
  })
}
