import { isDiffusersScheduler } from '@atelier/catalog'
import { combine, scale } from './combine.ts'
import { DIFFUSERS_SCHEDULERS, type DiffusersScheduler } from './diffusers-schedulers.data.ts'
import type { ModelSampling } from './model-sampling.ts'
import { PlanError, spanOf, type SamplingPlan } from './plan.ts'
import { SAMPLERS } from './samplers/index.ts'
import { karras } from './schedules/karras.ts'

// Diffusers' schedulers as they walk: the same steps as ours, over other lists (reference: the schedulers' own code).
// Those that think in unit variance start and end with a factor; ours think in exploding variance.

/** Settings of a scheduler, as a folder's `scheduler_config.json` names them; what is missing is the class's default. */
export interface DiffusersSettings {
  readonly timestep_spacing?: string
  readonly steps_offset?: number
  readonly use_karras_sigmas?: boolean
  readonly set_alpha_to_one?: boolean
  readonly algorithm_type?: string
}

/** What a Diffusers pipeline asks of sampling. */
export interface DiffusersSampling {
  /** Class name, "EulerDiscreteScheduler". */
  readonly scheduler: string
  readonly settings?: DiffusersSettings
  readonly steps: number
  /** Image to image: share of the steps that is run. */
  readonly strength?: number | undefined
  readonly model: ModelSampling
}

/** The moments of a run: the network's timestep at each, and sigmas, one more than timesteps. */
interface Walk {
  readonly timesteps: readonly number[]
  readonly sigmas: readonly number[]
}

/**
 * Plans a run by the rules of a Diffusers scheduler.
 * @throws PlanError for a class that is not known, or a setting that it has not
 */
export function planDiffusers(sampling: DiffusersSampling): SamplingPlan {
  const { strength, steps, model } = sampling
  const scheduler = findScheduler(sampling)
  const sampler = SAMPLERS[scheduler.sampler]
  if (sampler === undefined) throw new PlanError(`there is no sampler "${scheduler.sampler}"`)
  const whole = listWalk(scheduler, steps, model)
  const walk = strength === undefined ? whole : cutWalk(whole, steps, strength)
  const [first = 0] = walk.sigmas
  const last = walk.sigmas.at(-1) ?? 0
  const timestepBySigma = new Map(walk.timesteps.map((timestep, i) => [walk.sigmas[i]!, timestep]))
  const root = (sigma: number) => Math.sqrt(sigma ** 2 + 1)
  const noiseFactor =
    scheduler.isUnitVariance || scheduler.spacing === 'leading' ? root(first) : Math.max(...walk.sigmas, 0)
  return {
    sampler,
    sigmas: walk.sigmas,
    brownianRange: spanOf(whole.sigmas),
    timestepOf: (sigma) => timestepBySigma.get(sigma) ?? model.toTimestep(sigma),
    needsUnconditional: false,
    begin: (noise, source) =>
      source === undefined ? scale(noiseFactor, noise) : combine([1, source], [first, noise]),
    // A walk that ends above zero ends in the scheduler's own scale.
    end: (latent) => scale(scheduler.isUnitVariance ? 1 / root(last) : 1, latent),
  }
}

function findScheduler({ scheduler: name, settings = {} }: DiffusersSampling): DiffusersScheduler {
  if (!isDiffusersScheduler(name)) throw new PlanError(`there is no Diffusers scheduler "${name}"`)
  const known = DIFFUSERS_SCHEDULERS[name]
  const sampler = known.byAlgorithm?.[settings.algorithm_type ?? ''] ?? known.sampler
  const spacing = settings.timestep_spacing ?? known.spacing
  if (spacing !== 'linspace' && spacing !== 'leading' && spacing !== 'trailing')
    throw new PlanError(`there is no timestep spacing "${spacing}"`)
  return {
    ...known,
    sampler,
    spacing,
    stepsOffset: settings.steps_offset ?? known.stepsOffset,
    usesKarras: settings.use_karras_sigmas ?? known.usesKarras,
    endsAtZero: settings.set_alpha_to_one ?? known.endsAtZero,
  }
}

function listWalk(scheduler: DiffusersScheduler, steps: number, model: ModelSampling): Walk {
  const timesteps = listTimesteps(scheduler, steps, model.sigmas.length)
  const end = scheduler.endsAtZero ? 0 : model.sigmas[0]!
  const sigmas = timesteps.map((timestep) => interpolate(model.sigmas, timestep))
  if (!scheduler.usesKarras) return { timesteps, sigmas: [...sigmas, end] }
  // The family of DPM-Solver spans the whole table, the others their own list.
  const [sigmaMin, sigmaMax] = scheduler.roundsTimesteps
    ? [model.sigmaMin, model.sigmaMax]
    : [sigmas.at(-1)!, sigmas[0]!]
  const curved = karras.sigmas({ count: steps, sigmaMin, sigmaMax, model })
  const moments = curved.map((sigma) => model.toTimestep(sigma))
  return {
    timesteps: scheduler.roundsTimesteps ? moments.map(roundHalfEven) : moments,
    sigmas: [...curved, end],
  }
}

function listTimesteps(
  { spacing, stepsOffset, roundsTimesteps, addsPoint }: DiffusersScheduler,
  steps: number,
  count: number,
): number[] {
  const points = addsPoint ? steps + 1 : steps
  if (spacing === 'linspace') {
    const raw = Array.from({ length: points }, (_, i) => ((count - 1) * (points - 1 - i)) / (points - 1 || 1))
    return (roundsTimesteps ? raw.map(roundHalfEven) : raw).slice(0, steps)
  }
  if (spacing === 'leading') {
    const ratio = Math.floor(count / points)
    return Array.from({ length: points }, (_, i) => (points - 1 - i) * ratio + stepsOffset).slice(0, steps)
  }
  return Array.from({ length: steps }, (_, i) => roundHalfEven(count - (i * count) / steps) - 1)
}

/** The last share of a walk, as the img2img pipelines cut it. */
function cutWalk({ timesteps, sigmas }: Walk, steps: number, strength: number): Walk {
  const start = Math.max(steps - Math.min(Math.trunc(steps * strength), steps), 0)
  return { timesteps: timesteps.slice(start), sigmas: sigmas.slice(start) }
}

/** Linear between neighbours (numpy's `interp`). */
function interpolate(table: Float64Array, at: number): number {
  const low = Math.min(Math.floor(at), table.length - 1)
  const high = Math.min(low + 1, table.length - 1)
  return Math.fround(table[low]! + (table[high]! - table[low]!) * (at - low))
}

/** numpy's rounding: halves go to the even neighbour. */
function roundHalfEven(value: number): number {
  const rounded = Math.round(value)
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}
