import { combine, scale } from './combine.ts'
import type { ModelSampling } from './model-sampling.ts'
import { PlanError, spanOf, type SamplingPlan } from './plan.ts'
import type { Sampler } from './sampler.ts'
import { createUniPc } from './samplers/uni-pc.ts'
import { SAMPLERS } from './samplers/index.ts'
import { listUniPcTimes, sigmaOfTime } from './uni-pc-times.ts'
import type { UniPcSettings, WebuiSampling } from './webui-sampling.ts'
import { listTimesteps, planImageSteps } from './webui-steps.ts'

// A1111's timestep samplers think in unit variance; ours in exploding variance, a division by the root of alpha-bar.

/** A1111's factor on the guidance scale of DDIM CFG++. */
const CFG_PP_FACTOR = 1 / 12.5
const UNI_PC: UniPcSettings = {
  variant: 'bh1',
  skipType: 'time_uniform',
  order: 3,
  lowersLastOrders: true,
}

/**
 * Plans a run of DDIM, DDIM CFG++, PLMS or UniPC, which take no schedule.
 * @throws PlanError for UniPC of an order above its steps
 */
export function planTimesteps(sampling: WebuiSampling): SamplingPlan {
  const { strength, model, steps } = sampling
  const image = strength === undefined ? undefined : planImageSteps(steps, strength, sampling.runsAllSteps)
  // A grid one step finer is all that the option to discard the last but one does to these samplers.
  const all = listTimesteps((image?.steps ?? steps) + (sampling.alwaysDiscardsPenultimate ? 1 : 0))
  // A strength too low for one step still noises the picture.
  const timesteps = (image === undefined ? all : all.slice(0, Math.max(image.encodeStep, 1))).reverse()
  const walk =
    sampling.sampler === 'unipc'
      ? planUniPc(timesteps, image !== undefined, sampling)
      : planGrid(sampling.sampler, timesteps, model)
  const alphaOf = (sigma: number) => 1 / (sigma ** 2 + 1)
  const toExploding = 1 / Math.sqrt(alphaOf(walk.sigmas[0]!))
  const toUnit = Math.sqrt(alphaOf(walk.sigmas.at(-1)!))
  const noised = alphaOf(model.sigmas[all[image?.encodeStep ?? 0] ?? all.at(-1)!]!)
  const noiseFactor = Math.sqrt(1 - noised) + (sampling.extraNoise ?? 0) * Math.sqrt(noised)
  const isCfgPp = sampling.sampler === 'ddim_cfgpp'
  return {
    ...walk,
    brownianRange: spanOf(walk.sigmas),
    ...(isCfgPp ? { guidanceFactor: CFG_PP_FACTOR } : {}),
    needsUnconditional: isCfgPp,
    keepsNoise: true,
    begin: (noise, source) =>
      source === undefined
        ? scale(toExploding, noise)
        : combine([toExploding * Math.sqrt(noised), source], [toExploding * noiseFactor, noise]),
    end: (latent) => scale(toUnit, latent),
  }
}

type Walk = Pick<SamplingPlan, 'sampler' | 'sigmas' | 'timestepOf'>

/** The whole timesteps themselves; the last of them is where the run ends. */
function planGrid(id: string, timesteps: readonly number[], model: ModelSampling): Walk {
  const sampler: Sampler | undefined = SAMPLERS[id]
  if (sampler === undefined) throw new PlanError(`there is no sampler "${id}"`)
  return {
    sampler,
    sigmas: timesteps.map((t) => model.sigmas[t]!),
    timestepOf: (sigma) => model.toTimestep(sigma),
  }
}

/** As many steps as there are timesteps, over times of UniPC's own that fall between them. */
function planUniPc(timesteps: readonly number[], isImage: boolean, { model, uniPc }: WebuiSampling): Walk {
  const settings = { ...UNI_PC, ...uniPc }
  if (timesteps.length < settings.order)
    throw new PlanError('UniPC order must be < sampling steps', { exceptionType: 'AssertionError' })
  const last = model.sigmas.length
  const times = listUniPcTimes(model, {
    from: isImage ? (timesteps[0]! + 1) / last : 1,
    steps: timesteps.length,
    skipType: settings.skipType,
  })
  const sigmas = times.map((time) => sigmaOfTime(model, time))
  const timestepBySigma = new Map(sigmas.map((sigma, i) => [sigma, (times[i]! - 1 / last) * last]))
  return {
    sampler: createUniPc(settings),
    sigmas,
    timestepOf: (sigma) => timestepBySigma.get(sigma) ?? model.toTimestep(sigma),
  }
}
