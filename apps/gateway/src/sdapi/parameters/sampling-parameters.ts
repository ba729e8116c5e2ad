import type { ExactValue } from '@atelier/catalog/exact-json'
import type { GenerationPlan } from '../generation-plan.ts'
import { optionFlag, optionNumber, type Options } from '../options/options-store.ts'
import { parameterUnless, type Parameter } from './parameter.ts'
import { skipsUnconditional } from './skips-unconditional.ts'

/** What the schedule adds. Samplers that think in timesteps follow none. */
export function listScheduleParameters({ sampling, options }: GenerationPlan): Parameter[] {
  const { sampler, schedule } = sampling
  const discards = optionFlag(options, 'always_discard_next_to_last_sigma')
    ? [{ key: 'Discard penultimate sigma', value: true }]
    : []
  if (sampler.isTimestepSampler === true) return [...listModelParameters(options), ...discards]
  const value = (key: string): ExactValue => options.get(key) ?? null
  const hasRho = schedule.default_rho !== -1 && optionNumber(options, 'rho', 0) !== schedule.default_rho
  return [
    ...listModelParameters(options),
    ...discards,
    ...(schedule.name === 'automatic' ? [] : listScheduleNames(schedule.label, hasRho, value)),
    ...(optionFlag(options, 'sgm_noise_multiplier') ? [{ key: 'SGM noise multiplier', value: true }] : []),
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
    ...listGuidanceParameters({ request, sampling, options }),
  ]
}

function listGuidanceParameters({
  request,
  sampling,
  options,
}: Pick<GenerationPlan, 'request' | 'sampling' | 'options'>): Parameter[] {
  const skipBelow = request.value('s_min_uncond') ?? options.get('s_min_uncond') ?? null
  const skips = skipsUnconditional({
    ...{ sampling, steps: request.number('steps') ?? 0, below: Number(skipBelow ?? 0) },
    skipsAll: optionFlag(options, 's_min_uncond_all'),
  })
  return [
    ...parameterUnless('Skip Early CFG', options.get('skip_early_cond') ?? null, 0),
    ...(skips ? [{ key: 'NGMS', value: skipBelow }] : []),
    ...(skips && optionFlag(options, 's_min_uncond_all') ? [{ key: 'NGMS all steps', value: true }] : []),
  ]
}
