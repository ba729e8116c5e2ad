import { findWebuiSampler, type WebuiSampler } from '@atelier/catalog'
import { combine, scale } from './combine.ts'
import { consistencyShares, toConsistencySampling, type ModelSampling } from './model-sampling.ts'
import { PlanError, spanOf, type SamplingPlan } from './plan.ts'
import type { SamplerOptions } from './sampler.ts'
import { SAMPLERS } from './samplers/index.ts'
import { WEBUI_SCHEDULES } from './schedules/index.ts'

/** Denoising strengths above this are treated as this (A1111). */
const MAX_STRENGTH = 0.999
/** Sigmas that schedules spanned before A1111 1.0. */
const OLD_SIGMAS = { min: 0.1, max: 10 }

/** What A1111 settles about sampling. */
export interface WebuiSampling {
  /** Sampler id of the catalog. */
  readonly sampler: string
  /** Schedule name of the catalog. */
  readonly schedule: string
  readonly steps: number
  /** Image to image: share of the schedule that is run again. */
  readonly strength?: number | undefined
  /** Exactly the asked steps are run instead of steps x strength. */
  readonly runsAllSteps: boolean
  /** Smallest and largest sigma and the curve; 0: the model's or the schedule's. */
  readonly sigmaMin: number
  readonly sigmaMax: number
  readonly rho: number
  readonly alwaysDiscardsPenultimate: boolean
  /** Spans sigmas 0.1 to 10, as before A1111 1.0 (use_old_karras_scheduler_sigmas). */
  readonly usesOldSigmas?: boolean | undefined
  /** Shape of the Beta schedule; undefined: 0.6, 0.6. */
  readonly betaShape?: { readonly alpha: number; readonly beta: number } | undefined
  readonly isSdxl?: boolean | undefined
  readonly model: ModelSampling
}

/** Schedule steps and the first step that is run, for image to image (A1111's setup_img2img_steps). */
export function planImageSteps(
  steps: number,
  strength: number,
  runsAllSteps: boolean,
): { steps: number; encodeStep: number } {
  const share = Math.min(strength, MAX_STRENGTH)
  if (!runsAllSteps) return { steps, encodeStep: Math.trunc(share * steps) }
  return { steps: share > 0 ? Math.trunc(steps / share) : 0, encodeStep: steps - 1 }
}

/** DDIM's timesteps for a number of steps, ascending; their count may be one more than asked. */
export function listTimesteps(steps: number): number[] {
  const stride = Math.floor(1000 / steps)
  const list: number[] = []
  for (let t = 0; t < 1000; t += stride) list.push(Math.min(t + 1, 999))
  return list
}

/** Sigmas of a schedule as A1111 makes them for a sampler, the final zero included. */
export function listWebuiSigmas(sampling: WebuiSampling, steps: number): number[] {
  const sampler = samplerOf(sampling)
  const discards = sampler.discardsPenultimate === true || sampling.alwaysDiscardsPenultimate
  const name = sampling.schedule === 'automatic' ? (sampler.defaultSchedule ?? 'uniform') : sampling.schedule
  const schedule = WEBUI_SCHEDULES[name]
  if (schedule === undefined) throw new PlanError(`there is no schedule "${name}"`)
  const model = sampler.id === 'lcm' ? toConsistencySampling(sampling.model) : sampling.model
  const sigmas = schedule.sigmas({
    count: steps + (discards ? 1 : 0),
    sigmaMin: sampling.sigmaMin || (sampling.usesOldSigmas === true ? OLD_SIGMAS.min : model.sigmaMin),
    sigmaMax: sampling.sigmaMax || (sampling.usesOldSigmas === true ? OLD_SIGMAS.max : model.sigmaMax),
    rho: sampling.rho > 0 ? sampling.rho : undefined,
    beta: sampling.betaShape,
    isSdxl: sampling.isSdxl,
    model,
  })
  const list = schedule.isComplete === true ? sigmas : [...sigmas, 0]
  return discards ? [...list.slice(0, -2), list.at(-1)!] : list
}

/**
 * Plans a run by A1111's rules.
 * @throws PlanError for a sampler or schedule that is not there
 */
export function planWebui(sampling: WebuiSampling): SamplingPlan {
  const sampler = samplerOf(sampling)
  return sampler.isTimestepSampler === true ? planTimesteps(sampler, sampling) : planSigmas(sampler, sampling)
}

function samplerOf({ sampler: id }: WebuiSampling): WebuiSampler {
  const sampler = findWebuiSampler(id)
  if (sampler === undefined || SAMPLERS[id] === undefined)
    throw new PlanError(`the sampler "${id}" is not supported yet`)
  return sampler
}

function planSigmas(sampler: WebuiSampler, sampling: WebuiSampling): SamplingPlan {
  const { strength, model } = sampling
  const image =
    strength === undefined ? undefined : planImageSteps(sampling.steps, strength, sampling.runsAllSteps)
  const all = listWebuiSigmas(sampling, image?.steps ?? sampling.steps)
  const sigmas = image === undefined ? all : all.slice(Math.max(image.steps - image.encodeStep - 1, 0))
  const first = sigmas[0] ?? 0
  const consistency = sampler.id === 'lcm' ? toConsistencySampling(model) : undefined
  const anchorOf = (sigma: number) => consistency!.toNearestTimestep(sigma)
  return {
    sampler: SAMPLERS[sampler.id]!,
    sigmas,
    brownianRange: spanOf(all),
    timestepOf: consistency === undefined ? (sigma) => model.toTimestep(sigma) : anchorOf,
    ...(consistency === undefined
      ? {}
      : { consistencyAt: (sigma: number) => consistencyShares(anchorOf(sigma)) }),
    begin: (noise, source) =>
      source === undefined ? scale(first, noise) : combine([1, source], [first, noise]),
    end: (latent) => latent,
  }
}

function planTimesteps(sampler: WebuiSampler, sampling: WebuiSampling): SamplingPlan {
  const { strength, model } = sampling
  const image =
    strength === undefined ? undefined : planImageSteps(sampling.steps, strength, sampling.runsAllSteps)
  const all = listTimesteps(image?.steps ?? sampling.steps)
  const list = image === undefined ? all : all.slice(0, image.encodeStep)
  const timesteps = [...list].reverse()
  const sigmaOf = (t: number) => model.sigmas[t]!
  const alphaOf = (t: number) => 1 / (sigmaOf(t) ** 2 + 1)
  // These samplers think in unit variance; ours in exploding variance, a division by the root of alpha-bar.
  const toExploding = timesteps.length === 0 ? 1 : 1 / Math.sqrt(alphaOf(timesteps[0]!))
  const toUnit = timesteps.length === 0 ? 1 : Math.sqrt(alphaOf(timesteps.at(-1)!))
  const noised = image === undefined ? 0 : alphaOf(all[image.encodeStep] ?? all.at(-1)!)
  return {
    sampler: SAMPLERS[sampler.id]!,
    sigmas: timesteps.map(sigmaOf),
    brownianRange: spanOf(timesteps.map(sigmaOf)),
    timestepOf: (sigma) => model.toTimestep(sigma),
    begin: (noise, source) =>
      source === undefined
        ? scale(toExploding, noise)
        : combine([toExploding * Math.sqrt(noised), source], [toExploding * Math.sqrt(1 - noised), noise]),
    end: (latent) => scale(toUnit, latent),
  }
}

/** Samplers that A1111 gives eta, churn and the noise factor to; others do not look at them. */
const TAKES = {
  eta: new Set(
    'euler_ancestral dpm_2_ancestral dpm_fast dpm_adaptive dpmpp_2s_ancestral dpmpp_sde dpmpp_2m_sde dpmpp_2m_sde_heun dpmpp_3m_sde ddim ddim_cfgpp'.split(
      ' ',
    ),
  ),
  churn: new Set(['euler', 'heun', 'dpm_2']),
  noise: new Set(
    'euler heun dpm_2 dpm_fast dpm_2_ancestral dpmpp_2s_ancestral dpmpp_sde dpmpp_2m_sde dpmpp_2m_sde_heun dpmpp_3m_sde'.split(
      ' ',
    ),
  ),
}

/** The options that reach a sampler by A1111's rules. */
export function toWebuiSamplerOptions(
  sampler: string,
  options: Omit<SamplerOptions, 'flavour'>,
): SamplerOptions {
  return {
    eta: TAKES.eta.has(sampler) ? options.eta : undefined,
    sNoise: TAKES.noise.has(sampler) ? options.sNoise : 1,
    sChurn: TAKES.churn.has(sampler) ? options.sChurn : 0,
    sTmin: options.sTmin,
    sTmax: options.sTmax,
    flavour: 'webui',
  }
}
