import type { ModelSampling } from '../model-sampling.ts'
import { inverseBeta } from '../schedules/inverse-beta.ts'
import { linspaceDouble, roundHalfEven } from '../schedules/schedule.ts'
import type { DiffusersSettings } from './settings.ts'

/** Sigmas from the largest to the smallest, in double precision: whole timesteps of solvers depend on the last digits. */
type CurveSigmas = (count: number, largest: number, smallest: number) => number[]

/** A curve that a configuration asks for. */
export interface Curve {
  readonly sigmas: CurveSigmas
  /** How a solver makes its timesteps whole. */
  readonly toWhole: (timestep: number) => number
  /** The curve's timesteps are rounded where the scheduler rounds those of Karras's. */
  readonly isKarras: boolean
}

const RHO = 7

/** Karras et al. 2022 (arXiv 2206.00364), equation 5. */
const karras: CurveSigmas = (count, largest, smallest) => {
  const [from, to] = [largest ** (1 / RHO), smallest ** (1 / RHO)]
  return linspaceDouble(0, 1, count).map((ramp) => (from + ramp * (to - from)) ** RHO)
}

/** Evenly spaced logarithms. */
const exponential: CurveSigmas = (count, largest, smallest) =>
  linspaceDouble(Math.log(largest), Math.log(smallest), count).map(Math.exp)

/** Beta distribution of steps (Lee et al. 2024, arXiv 2407.12173). */
const beta: CurveSigmas = (count, largest, smallest) =>
  linspaceDouble(0, 1, count).map(
    (ramp) => smallest + inverseBeta(1 - ramp, { alpha: 0.6, beta: 0.6 }) * (largest - smallest),
  )

/** The curve that settings name; Lu's evenly spaced lambdas are exponential sigmas. */
export function findCurve(settings: DiffusersSettings): Curve | undefined {
  if (settings.use_karras_sigmas === true) return { sigmas: karras, toWhole: roundHalfEven, isKarras: true }
  if (settings.use_lu_lambdas === true)
    return { sigmas: exponential, toWhole: roundHalfEven, isKarras: false }
  if (settings.use_exponential_sigmas === true)
    return { sigmas: exponential, toWhole: Math.trunc, isKarras: false }
  if (settings.use_beta_sigmas === true) return { sigmas: beta, toWhole: Math.trunc, isKarras: false }
  return undefined
}

/** The timestep of a sigma between the f32 logarithms of a table, as Diffusers interpolates it. */
export function toTableTimestep({ sigmas }: ModelSampling, sigma: number): number {
  const log = Math.log(Math.max(sigma, 1e-10))
  const logAt = (index: number) => Math.fround(Math.log(sigmas[index]!))
  let low = 0
  while (low < sigmas.length - 2 && logAt(low + 1) <= log) low += 1
  const share = Math.min(Math.max((logAt(low) - log) / (logAt(low) - logAt(low + 1)), 0), 1)
  return (1 - share) * low + share * (low + 1)
}
