import { findWebuiSampler, isDiffusersScheduler, type DiffusersSchedulerName } from '@atelier/catalog'
import { combine, scale } from './combine.ts'
import { consistencyShares, toConsistencySampling } from './model-sampling.ts'
import { PlanError, spanOf, type SamplingPlan } from './plan.ts'
import { planDiffusers } from './plan-diffusers.ts'
import { planTimesteps } from './plan-webui-timesteps.ts'
import type { Sampler, SamplerOptions } from './sampler.ts'
import { createDpmAdaptive } from './samplers/dpm-adaptive.ts'
import { createDpmFast } from './samplers/dpm-fast.ts'
import { SAMPLERS } from './samplers/index.ts'
import { WEBUI_SCHEDULES } from './schedules/index.ts'
import type { WebuiSampling } from './webui-sampling.ts'
import { planImageSteps } from './webui-steps.ts'

/** Sigmas that schedules spanned before A1111 1.0. */
const OLD_SIGMAS = { min: 0.1, max: 10 }

/** Sigmas of a schedule as A1111 makes them for a sampler, the final zero included. */
export function listWebuiSigmas(sampling: WebuiSampling, steps: number): number[] {
  const sampler = findWebuiSampler(sampling.sampler)
  const discards = sampler?.discardsPenultimate === true || sampling.alwaysDiscardsPenultimate
  const name = sampling.schedule === 'automatic' ? (sampler?.defaultSchedule ?? 'uniform') : sampling.schedule
  const schedule = WEBUI_SCHEDULES[name]
  if (schedule === undefined) throw new PlanError(`there is no schedule "${name}"`)
  const model = sampling.sampler === 'lcm' ? toConsistencySampling(sampling.model) : sampling.model
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
 * @throws PlanError for a sampler or schedule that is not there, and for what the original refuses
 */
export function planWebui(sampling: WebuiSampling): SamplingPlan {
  if (isDiffusersScheduler(sampling.sampler)) return planDiffusersRun(sampling, sampling.sampler)
  return isTimestepSampler(sampling.sampler) ? planTimesteps(sampling) : planSigmas(sampling)
}

/** Whether a sampler thinks in whole timesteps (DDIM and its kin). */
export function isTimestepSampler(sampler: string): boolean {
  return findWebuiSampler(sampler)?.isTimestepSampler === true
}

/** A folder's own settings count for the scheduler it names. */
function planDiffusersRun(
  { steps, strength, model, ownScheduler }: WebuiSampling,
  scheduler: DiffusersSchedulerName,
): SamplingPlan {
  const settings = ownScheduler?.name === scheduler ? { settings: ownScheduler.settings } : {}
  return planDiffusers({ scheduler, ...settings, steps, strength, model })
}

function planSigmas(sampling: WebuiSampling): SamplingPlan {
  const { strength, model, steps } = sampling
  const image = strength === undefined ? undefined : planImageSteps(steps, strength, sampling.runsAllSteps)
  const all = listWebuiSigmas(sampling, image?.steps ?? steps)
  const sigmas = image === undefined ? all : all.slice(Math.max(image.steps - image.encodeStep - 1, 0))
  const first = sigmas[0] ?? 0
  const sgmFactor = sampling.usesSgmNoise === true ? Math.sqrt(1 + first ** 2) : first
  const sourceFactor = first + (sampling.extraNoise ?? 0)
  return {
    sampler: bindSampler(sampling, sigmas),
    sigmas,
    brownianRange: spanOf(all),
    ...(sampling.sampler === 'lcm'
      ? planConsistency(sampling)
      : { timestepOf: (sigma) => model.toTimestep(sigma) }),
    needsUnconditional: false,
    begin: (noise, source) =>
      source === undefined ? scale(sgmFactor, noise) : combine([1, source], [sourceFactor, noise]),
    end: (latent) => latent,
  }
}

function planConsistency({ model }: WebuiSampling): Pick<SamplingPlan, 'timestepOf' | 'consistencyAt'> {
  const consistency = toConsistencySampling(model)
  return {
    timestepOf: (sigma) => consistency.toNearestTimestep(sigma),
    consistencyAt: (sigma) => consistencyShares(consistency.toNearestTimestep(sigma)),
  }
}

/** A sampler by its id; DPM fast and adaptive choose steps of their own, from noise over the model's whole span. */
function bindSampler(
  { sampler: id, strength, model, steps }: WebuiSampling,
  sigmas: readonly number[],
): Sampler {
  const span =
    strength === undefined
      ? { sigmaMin: model.sigmaMin, sigmaMax: model.sigmaMax, evaluations: steps }
      : { sigmaMin: sigmas.at(-2) ?? 0, sigmaMax: sigmas[0] ?? 0, evaluations: sigmas.length - 1 }
  if (id === 'dpm_fast') return createDpmFast(span)
  if (id === 'dpm_adaptive') return createDpmAdaptive({}, span)
  const sampler = SAMPLERS[id]
  if (sampler === undefined) throw new PlanError(`there is no sampler "${id}"`)
  return sampler
}

const setOf = (ids: string): ReadonlySet<string> => new Set(ids.split(' '))

/** Samplers that A1111 gives eta, churn and the noise factor to; others do not look at them. */
const TAKES = {
  eta: setOf(
    'euler_ancestral dpm_2_ancestral dpm_fast dpm_adaptive dpmpp_2s_ancestral dpmpp_sde dpmpp_2m_sde ' +
      'dpmpp_2m_sde_heun dpmpp_3m_sde ddim ddim_cfgpp',
  ),
  churn: setOf('euler heun dpm_2'),
  noise: setOf(
    'euler heun dpm_2 dpm_fast dpm_2_ancestral dpmpp_2s_ancestral dpmpp_sde dpmpp_2m_sde dpmpp_2m_sde_heun ' +
      'dpmpp_3m_sde',
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
