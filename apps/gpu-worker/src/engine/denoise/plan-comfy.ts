import { combine, scale } from './combine.ts'
import type { ModelSampling } from './model-sampling.ts'
import { PlanError, spanOf, type SamplingPlan } from './plan.ts'
import type { Sampler } from './sampler.ts'
import { SAMPLERS } from './samplers/index.ts'
import { createSaSolver, SA_DEFAULTS, tauBetween } from './samplers/sa-solver.ts'
import { NEARLY_ZERO } from './samplers/uni-pc.ts'
import { COMFY_SCHEDULES } from './schedules/index.ts'

const f32 = Math.fround

/** Samplers whose schedule is made with one more step, of which the last but one is dropped. */
const DISCARDING = new Set(['dpm_2', 'dpm_2_ancestral', 'uni_pc', 'uni_pc_bh2'])
/** A start this near to the model's largest sigma counts as pure noise (relative). */
const NEAR_MAXIMUM = 1e-5
/** Share of the schedule in which SA-Solver is stochastic. */
const STOCHASTIC_SHARE = { from: 0.2, to: 0.8 }
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

/** Sigmas of the BasicScheduler node, which cuts a schedule to the asked steps even where nothing is denoised less. */
export function listBasicSigmas({
  schedule,
  steps,
  denoise,
  model,
}: Pick<ComfySampling, 'schedule' | 'steps' | 'denoise' | 'model'>): number[] {
  if (denoise <= 0) return []
  const total = denoise < 1 ? Math.trunc(steps / denoise) : steps
  return listComfySigmas(schedule, total, model).slice(-(steps + 1))
}

/**
 * Plans a KSampler's run.
 * @throws PlanError for a sampler or schedule that is not there
 */
export function planComfy(sampling: ComfySampling): SamplingPlan {
  const sigmas = cutSteps(listKsamplerSigmas(sampling), sampling)
  return planComfySigmas({ sampler: sampling.sampler, sigmas, model: sampling.model })
}

/** What a custom sampler node asks for: a sampler by name or made with options, and the sigmas themselves. */
export interface ComfySigmaSampling {
  readonly sampler: string | Sampler
  readonly sigmas: readonly number[]
  readonly model: ModelSampling
  /** The sampler looks at the unconditional prediction; a named one is known to. */
  readonly needsUnconditional?: boolean
}

/**
 * Plans a run over given sigmas by ComfyUI's rules.
 * @throws PlanError for a sampler that is not there
 */
export function planComfySigmas({
  sampler,
  sigmas,
  model,
  needsUnconditional,
}: ComfySigmaSampling): SamplingPlan {
  return {
    sampler: typeof sampler === 'string' ? comfySampler(sampler, model) : sampler,
    sigmas,
    brownianRange: spanOf(sigmas),
    timestepOf: (sigma) => model.toNearestTimestep(sigma),
    needsUnconditional: needsUnconditional ?? (typeof sampler === 'string' && sampler.includes('_cfg_pp')),
    flow: model.flow,
    ...(model.flow === undefined ? planNoising(sigmas, model) : planMixing(sigmas, lastOf(sigmas, sampler))),
  }
}

/** A run begins with noise added to its source. */
function planNoising(sigmas: readonly number[], model: ModelSampling): Pick<SamplingPlan, 'begin' | 'end'> {
  const factor = startNoiseFactor(sigmas[0] ?? 0, model)
  return {
    begin: (noise, source) =>
      source === undefined ? combine([factor, noise], [0, noise]) : combine([1, source], [factor, noise]),
    end: (latent) => latent,
  }
}

/** A run begins with noise in place of a share of its source, and ends with what is left of the noise's share undone. */
function planMixing(sigmas: readonly number[], last: number): Pick<SamplingPlan, 'begin' | 'end'> {
  const first = sigmas[0] ?? 0
  return {
    begin: (noise, source) =>
      source === undefined ? scale(first, noise) : combine([1 - first, source], [first, noise]),
    end: (latent) => (last === 0 ? latent : scale(1 / (1 - last), latent)),
  }
}

/** The sigma a run is taken to end at: the original's UniPC leaves its own in the place of a zero. */
function lastOf(sigmas: readonly number[], sampler: string | Sampler): number {
  const isUniPc = typeof sampler === 'string' && sampler.startsWith('uni_pc')
  return sigmas.at(-1) || (isUniPc && sigmas.length > 1 ? NEARLY_ZERO : 0)
}

/** Factor on unit noise at the first sigma: a start from the very top counts the picture's own variance in. */
function startNoiseFactor(first: number, model: ModelSampling): number {
  const distance = Math.abs(first - model.sigmaMax)
  const isMaximum = first >= model.sigmaMax || distance <= NEAR_MAXIMUM * Math.max(first, model.sigmaMax)
  return isMaximum ? f32(Math.sqrt(f32(1 + f32(first ** 2)))) : first
}

/** ComfyUI's name for a sampler: its DDIM is Euler's method, and where SA-Solver is stochastic depends on the model. */
function comfySampler(name: string, model: ModelSampling): Sampler {
  if (name === 'sa_solver' || name === 'sa_solver_pece')
    return createSaSolver({
      ...SA_DEFAULTS,
      ...stochasticPart(model),
      evaluatesTwice: name === 'sa_solver_pece',
    })
  const sampler = name === 'ddim' ? SAMPLERS['euler'] : SAMPLERS[name]
  if (sampler === undefined) throw new PlanError(`there is no sampler "${name}"`)
  return sampler
}

function stochasticPart(model: ModelSampling) {
  const { from, to } = STOCHASTIC_SHARE
  return { tauAt: tauBetween(model.atPercent(from), model.atPercent(to)) }
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
