import { isDiffusersScheduler } from '@atelier/catalog'
import { combine, scale } from './combine.ts'
import { findCurve, toTableTimestep } from './diffusers/curves.ts'
import { DIFFUSERS_SCHEDULERS, type DiffusersScheduler } from './diffusers/schedulers.ts'
import type { DiffusersSettings, Walk } from './diffusers/settings.ts'
import { listTimesteps } from './diffusers/timesteps.ts'
import { toTorchTable } from './diffusers/torch-table.ts'
import type { ModelSampling } from './model-sampling.ts'
import { PlanError, spanOf, type SamplingPlan } from './plan.ts'

export type { DiffusersSettings } from './diffusers/settings.ts'

// Diffusers' schedulers as they walk: the same steps as ours, over other lists (reference: the schedulers' own code).
// Those that think in unit variance start and end with a factor; ours think in exploding variance.

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

/**
 * Plans a run by the rules of a Diffusers scheduler.
 * @throws PlanError for a class that is not known, a setting that it has not, or more steps than a distilled model takes
 */
export function planDiffusers(sampling: DiffusersSampling): SamplingPlan {
  const { strength, steps, settings = {} } = sampling
  const model = toTorchTable(sampling.model)
  const scheduler = findScheduler(sampling)
  const whole = listWalk(scheduler, { settings, steps, model })
  const skipped =
    strength === undefined ? 0 : Math.max(steps - Math.min(Math.trunc(steps * strength), steps), 0)
  const walk = { timesteps: whole.timesteps.slice(skipped), sigmas: whole.sigmas.slice(skipped) }
  const [first = 0] = walk.sigmas
  const last = walk.sigmas.at(-1) ?? 0
  const timestepBySigma = new Map(walk.timesteps.map((timestep, i) => [walk.sigmas[i]!, timestep]))
  const root = (sigma: number) => Math.sqrt(sigma ** 2 + 1)
  const noiseFactor =
    scheduler.isUnitVariance || scheduler.spacing === 'leading' ? root(first) : Math.max(...walk.sigmas, 0)
  return {
    sampler: scheduler.sampler({ settings, steps, skipped, walk, model }),
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
  const spacing = (known.hasOneSpacing === true ? undefined : settings.timestep_spacing) ?? known.spacing
  if (spacing !== 'linspace' && spacing !== 'leading' && spacing !== 'trailing')
    throw new PlanError(`there is no timestep spacing "${spacing}"`)
  return { ...known, spacing, stepsOffset: settings.steps_offset ?? known.stepsOffset }
}

interface WalkRequest {
  readonly settings: DiffusersSettings
  readonly steps: number
  readonly model: ModelSampling
}

function listWalk(scheduler: DiffusersScheduler, { settings, steps, model }: WalkRequest): Walk {
  const timesteps =
    scheduler.listTimesteps?.(steps, settings) ?? listTimesteps(scheduler, steps, model.sigmas.length)
  const sigmas = timesteps.map((timestep) => interpolate(model.sigmas, timestep))
  const curve = scheduler.curves === 'none' ? undefined : findCurve(settings)
  const end = scheduler.end(settings)
  if (curve === undefined) return { timesteps, sigmas: [...sigmas, end === 'zero' ? 0 : model.sigmaMin] }
  const [sigmaMin, sigmaMax] =
    scheduler.curves === 'whole table' ? [model.sigmaMin, model.sigmaMax] : [sigmas.at(-1)!, sigmas[0]!]
  const exact = curve.sigmas(steps, sigmaMax, sigmaMin)
  const moments = exact.map((sigma) => toTableTimestep(model, sigma))
  const isWhole = scheduler.hasWholeTimesteps || (scheduler.roundsKarras === true && curve.isKarras)
  const curved = exact.map(Math.fround)
  const ends = { zero: 0, smallest: model.sigmaMin, repeated: curved.at(-1)! }
  return { timesteps: isWhole ? moments.map(curve.toWhole) : moments, sigmas: [...curved, ends[end]] }
}

/** Linear between neighbours (numpy's `interp`). */
function interpolate(table: Float64Array, at: number): number {
  const low = Math.min(Math.floor(at), table.length - 1)
  const high = Math.min(low + 1, table.length - 1)
  return Math.fround(table[low]! + (table[high]! - table[low]!) * (at - low))
}
