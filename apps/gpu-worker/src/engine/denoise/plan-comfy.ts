import { combine } from './combine.ts'
import type { ModelSampling } from './model-sampling.ts'
import { PlanError, spanOf, type SamplingPlan } from './plan.ts'
import type { Sampler } from './sampler.ts'
import { SAMPLERS } from './samplers/index.ts'
import { COMFY_SCHEDULES } from './schedules/index.ts'

/** Samplers whose schedule is made with one more step, of which the last but one is dropped. */
const DISCARDING = new Set(['dpm_2', 'dpm_2_ancestral', 'uni_pc', 'uni_pc_bh2'])
/** A start this near to the model's largest sigma counts as pure noise (relative). */
const NEAR_MAXIMUM = 1e-5
/** Denoise above this runs the whole schedule. */
const WHOLE = 0.9999

/** What a KSampler node asks for. */
export interface ComfySampling {
  readonly sampler: string
  readonly schedule: string
  readonly steps: number
  /** Share of the schedule, 0 to 1. */
  readonly denoise: number
  /** KSamplerAdvanced: first step, and the one to stop before. */
  readonly startStep?: number | undefined
  readonly endStep?: number | undefined
  /** KSamplerAdvanced: the last sigma becomes 0 although steps are left out. */
  readonly forcesFullDenoise?: boolean
  readonly model: ModelSampling
}

/** Sigmas of a whole schedule, the final zero included. */
export function listComfySigmas(schedule: string, steps: number, model: ModelSampling): number[] {
  const found = COMFY_SCHEDULES[schedule]
  if (found === undefined) throw new PlanError(`there is no schedule "${schedule}"`)
  const { sigmaMin, sigmaMax } = model
  return [...found.sigmas({ count: steps, sigmaMin, sigmaMax, model }), 0]
}

/** Sigmas of a KSampler: the last `steps` of a schedule stretched by denoise; none when denoise is 0. */
export function listKsamplerSigmas({ sampler, schedule, steps, denoise, model }: ComfySampling): number[] {
  const discards = DISCARDING.has(sampler)
  const list = (count: number): number[] => {
    const sigmas = listComfySigmas(schedule, count + (discards ? 1 : 0), model)
    return discards ? [...sigmas.slice(0, -2), sigmas.at(-1)!] : sigmas
  }
  if (denoise > WHOLE) return list(steps)
  return denoise <= 0 ? [] : list(Math.trunc(steps / denoise)).slice(-(steps + 1))
}

/**
 * Plans a run by ComfyUI's rules.
 * @throws PlanError for a sampler or schedule that is not there
 */
export function planComfy(sampling: ComfySampling): SamplingPlan {
  const sampler = comfySampler(sampling.sampler)
  const sigmas = cutSteps(listKsamplerSigmas(sampling), sampling)
  const first = sigmas[0] ?? 0
  const { model } = sampling
  const isMaximum =
    first >= model.sigmaMax || Math.abs(first - model.sigmaMax) <= NEAR_MAXIMUM * model.sigmaMax
  const noiseFactor = isMaximum ? Math.sqrt(1 + first ** 2) : first
  return {
    sampler,
    sigmas,
    brownianRange: spanOf(sigmas),
    timestepOf: (sigma) => model.toNearestTimestep(sigma),
    begin: (noise, source) =>
      source === undefined
        ? combine([noiseFactor, noise], [0, noise])
        : combine([1, source], [noiseFactor, noise]),
    end: (latent) => latent,
  }
}

/** ComfyUI's name for a sampler: its DDIM is Euler's method. */
function comfySampler(name: string): Sampler {
  const sampler = name === 'ddim' ? SAMPLERS['euler'] : SAMPLERS[name]
  if (sampler === undefined) throw new PlanError(`the sampler "${name}" is not supported yet`)
  return sampler
}

function cutSteps(
  sigmas: readonly number[],
  { startStep, endStep, forcesFullDenoise }: ComfySampling,
): number[] {
  let list = [...sigmas]
  if (endStep !== undefined && endStep < list.length - 1) {
    list = list.slice(0, endStep + 1)
    if (forcesFullDenoise === true) list[list.length - 1] = 0
  }
  if (startStep === undefined) return list
  return startStep < list.length - 1 ? list.slice(startStep) : []
}
