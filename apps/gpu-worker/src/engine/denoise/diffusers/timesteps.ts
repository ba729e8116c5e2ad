import { PlanError } from '../plan.ts'
import { TRAINING_STEPS } from '../model-sampling.ts'
import { roundHalfEven } from '../schedules/schedule.ts'
import type { DiffusersSettings, TimestepSpacing } from './settings.ts'

/** How a list of timesteps is spread. */
export interface TimestepList {
  readonly spacing: TimestepSpacing
  readonly stepsOffset: number
  readonly hasWholeTimesteps: boolean
  /** One more is spread, and the last left out. */
  readonly addsPoint: boolean
}

/** Timesteps of a run, falling, of `count` trained ones (Lin et al. 2023, arXiv 2305.08891, table 2). */
export function listTimesteps(
  { spacing, stepsOffset, hasWholeTimesteps, addsPoint }: TimestepList,
  steps: number,
  count: number,
): number[] {
  const points = addsPoint ? steps + 1 : steps
  if (spacing === 'linspace') {
    // NumPy spreads one point to the start of the range.
    const raw = Array.from({ length: points }, (_, i) =>
      points === 1 ? 0 : ((count - 1) * (points - 1 - i)) / (points - 1),
    )
    return (hasWholeTimesteps ? raw.map(roundHalfEven) : raw).slice(0, steps)
  }
  if (spacing === 'leading') {
    const ratio = Math.floor(count / points)
    return Array.from({ length: points }, (_, i) => (points - 1 - i) * ratio + stepsOffset).slice(0, steps)
  }
  return Array.from({ length: steps }, (_, i) => roundHalfEven(count - (i * count) / steps) - 1)
}

/** Steps a consistency model is distilled at, unless its configuration says otherwise. */
const DISTILLED_STEPS = 50

/**
 * Timesteps of a run of a consistency model: evenly chosen among those it was distilled at.
 * @throws PlanError for more steps than those
 */
export function listConsistencyTimesteps(
  steps: number,
  { original_inference_steps: distilled = DISTILLED_STEPS }: DiffusersSettings,
): number[] {
  if (steps > distilled)
    throw new PlanError(`a consistency model distilled at ${distilled} steps cannot take ${steps}`)
  const stride = Math.floor(TRAINING_STEPS / distilled)
  return Array.from(
    { length: steps },
    (_, i) => (distilled - Math.floor((i * distilled) / steps)) * stride - 1,
  )
}
