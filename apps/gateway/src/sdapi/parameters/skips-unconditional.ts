import type { ResolvedSampling } from '@atelier/catalog'

/** Training timesteps and the square roots of the first and last beta of Stable Diffusion. */
const TRAINED = { steps: 1000, from: Math.sqrt(0.00085), to: Math.sqrt(0.012) }
/** Sigmas of the first and last of them, and the curvature of Karras et al. 2022. */
const SIGMA_MIN = 0.0292
const SIGMA_MAX = 14.6146
const RHO = 7

/** What decides whether NGMS ("negative guidance minimum sigma") has an effect. */
export interface SkipQuestion {
  readonly sampling: ResolvedSampling
  readonly steps: number
  /** The sigma below which the negative prompt is left out. */
  readonly below: number
  /** At every evaluation below it, rather than every other one. */
  readonly skipsAll: boolean
}

/**
 * Whether an evaluation of the run leaves the negative prompt out, which A1111 tells in the infotext only then. Exact
 * for samplers of one evaluation a step on their own schedule; for others the last evaluations count as low enough.
 */
export function skipsUnconditional({ sampling, steps, below, skipsAll }: SkipQuestion): boolean {
  const { sampler, schedule } = sampling
  // Those compare the timestep, not the sigma.
  if (below <= 0 || sampler.isTimestepSampler === true) return false
  const last = skipsAll || steps % 2 === 0 ? steps - 1 : steps - 2
  if (last < 0 || (last === 0 && !skipsAll)) return false
  if (sampler.isSecondOrder === true) return true
  const name = schedule.name === 'automatic' ? (sampler.defaultSchedule ?? 'automatic') : schedule.name
  return (sigmaAt(name, steps === 1 ? 0 : last / (steps - 1)) ?? 0) < below
}

/** Sigma at a share of the run, from 0 to 1; undefined for schedules that are not known here. */
function sigmaAt(schedule: string, share: number): number | undefined {
  switch (schedule) {
    case 'automatic':
      return sigmaOfTimestep((TRAINED.steps - 1) * (1 - share))
    case 'karras':
      return ((1 - share) * SIGMA_MAX ** (1 / RHO) + share * SIGMA_MIN ** (1 / RHO)) ** RHO
    case 'exponential':
      return SIGMA_MAX ** (1 - share) * SIGMA_MIN ** share
    default:
      return undefined
  }
}

/** Sigma of a timestep of Stable Diffusion's training; fractions lie between their neighbours in the logarithm. */
function sigmaOfTimestep(timestep: number): number {
  const low = Math.floor(timestep)
  const part = timestep - low
  return Math.exp((1 - part) * logSigma(low) + part * logSigma(Math.min(low + 1, TRAINED.steps - 1)))
}

function logSigma(timestep: number): number {
  let kept = 1
  for (let t = 0; t <= timestep; t += 1)
    kept *= 1 - (TRAINED.from + ((TRAINED.to - TRAINED.from) * t) / (TRAINED.steps - 1)) ** 2
  return Math.log((1 - kept) / kept) / 2
}
