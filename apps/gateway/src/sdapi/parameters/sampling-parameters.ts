import type { ExactValue } from '@atelier/catalog/exact-json'
import { RunEvent } from '@atelier/proto'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import { optionFlag, optionNumber, type Options } from '../options/options-store.ts'
import { parameterUnless, type Parameter } from './parameter.ts'

/** What the schedule adds. Samplers that think in timesteps follow none. */
export function listScheduleParameters({ sampling, options, isImageToImage }: GenerationPlan): Parameter[] {
  // It acts on noise that nothing but noise is in.
  const isSgm = optionFlag(options, 'sgm_noise_multiplier') && !isImageToImage
  const { sampler, schedule } = sampling
  // Samplers that discard it anyway do not tell it.
  const isAsked = optionFlag(options, 'always_discard_next_to_last_sigma')
  const discards =
    isAsked && sampler.discardsPenultimate !== true ? [{ key: 'Discard penultimate sigma', value: true }] : []
  if (sampler.isTimestepSampler === true) return [...listModelParameters(options), ...discards]
  const value = (key: string): ExactValue => options.get(key) ?? null
  const hasRho = schedule.default_rho !== -1 && optionNumber(options, 'rho', 0) !== schedule.default_rho
  return [
    ...listModelParameters(options),
    ...discards,
    ...(schedule.name === 'automatic' ? [] : listScheduleNames(schedule.label, hasRho, value)),
    ...(isSgm ? [{ key: 'SGM noise multiplier', value: true }] : []),
  ]
}

function listScheduleNames(label: string, hasRho: boolean, value: (key: string) => ExactValue): Parameter[] {
  return [
    { key: 'Schedule type', value: label },
    ...parameterUnless('Schedule min sigma', value('sigma_min'), 0),
    ...parameterUnless('Schedule max sigma', value('sigma_max'), 0),
    ...(hasRho ? parameterUnless('Schedule rho', value('rho'), 0) : []),
    ...(label === 'Beta'
      ? [
          { key: 'Beta schedule alpha', value: value('beta_dist_alpha') },
          { key: 'Beta schedule beta', value: value('beta_dist_beta') },
        ]
      : []),
  ]
}

function listModelParameters(options: Options): Parameter[] {
  return [
    ...(optionFlag(options, 'use_downcasted_alpha_bar')
      ? [{ key: 'Downcast alphas_cumprod', value: true }]
      : []),
    ...parameterUnless('Noise Schedule', options.get('sd_noise_schedule') ?? null, 'Default'),
  ]
}

/** Samplers that are given eta, by id, and those that are given the four numbers of churn. */
const TAKES_ETA = new Set([
  ...['euler_ancestral', 'dpm_2_ancestral', 'dpm_fast', 'dpm_adaptive', 'dpmpp_2s_ancestral'],
  ...['dpmpp_sde', 'dpmpp_2m_sde', 'dpmpp_2m_sde_heun', 'dpmpp_3m_sde'],
])
const TAKES_DDIM_ETA = new Set(['ddim', 'ddim_cfgpp'])
const TAKES_CHURN = new Set(['euler', 'heun', 'dpm_2'])
const TAKES_NOISE = new Set([
  ...TAKES_CHURN,
  ...['dpm_fast', 'dpm_2_ancestral', 'dpmpp_2s_ancestral'],
  ...['dpmpp_sde', 'dpmpp_2m_sde', 'dpmpp_2m_sde_heun', 'dpmpp_3m_sde'],
])

/** What the sampler and the guidance add. */
export function listSamplingParameters({ request, sampling, options }: GenerationPlan): Parameter[] {
  const { id } = sampling.sampler
  const option = (key: string): ExactValue => options.get(key) ?? null
  const eta = request.value('eta')
  return [
    ...(TAKES_ETA.has(id) ? parameterUnless('Eta', eta ?? option('eta_ancestral'), 1) : []),
    ...(TAKES_DDIM_ETA.has(id) ? parameterUnless('Eta DDIM', eta ?? option('eta_ddim'), 0) : []),
    ...(TAKES_CHURN.has(id)
      ? [
          ...parameterUnless('Sigma churn', option('s_churn'), 0),
          ...parameterUnless('Sigma tmin', option('s_tmin'), 0),
          ...parameterUnless('Sigma tmax', option('s_tmax'), 0),
        ]
      : []),
    ...(TAKES_NOISE.has(id) ? parameterUnless('Sigma noise', option('s_noise'), 1) : []),
    ...parameterUnless('Skip Early CFG', option('skip_early_cond'), 0),
  ]
}

/** What is told only where an evaluation left the negative prompt out, or padded one. */
export function listGuidanceParameters({ request, options }: GenerationPlan): {
  readonly skipped: readonly Parameter[]
  readonly padded: readonly Parameter[]
} {
  const skipBelow = request.value('s_min_uncond') ?? options.get('s_min_uncond') ?? null
  const skips = Number(skipBelow ?? 0) > 0
  const [skip, pad] = [RunEvent.RUN_EVENT_NEGATIVE_SKIPPED, RunEvent.RUN_EVENT_PADDED]
  const skipsAll = optionFlag(options, 's_min_uncond_all')
  const [pads, padsLastToken] = [
    optionFlag(options, 'pad_cond_uncond'),
    optionFlag(options, 'pad_cond_uncond_v0'),
  ]
  return {
    skipped: [
      ...(skips ? [{ key: 'NGMS', value: skipBelow, event: skip }] : []),
      ...(skips && skipsAll ? [{ key: 'NGMS all steps', value: true, event: skip }] : []),
    ],
    // The older way goes before the newer one where both are wanted.
    padded: padsLastToken
      ? [{ key: 'Pad conds v0', value: true, event: pad }]
      : pads
        ? [{ key: 'Pad conds', value: true, event: pad }]
        : [],
  }
}
