import type { ResolvedSampling } from '@atelier/catalog'
import { NoiseSource, type GenerationJob, type SamplingSettings } from '@atelier/proto'
import { optionFlag, optionNumber, optionText } from '../options/options-store.ts'
import type { GenerationPlan } from './generation-plan.ts'
import { writeSamplerExtras } from './sampler-extras.ts'

/** A pass's sampler and its settings. */
export function toSampling(
  { request, options }: GenerationPlan,
  sampling: ResolvedSampling,
  steps: number,
): SamplingSettings {
  // An option that has been changed wins over the request, as in A1111.
  const churn = (name: string, unchanged: number): number => {
    const option = optionNumber(options, name, unchanged)
    return option === unchanged ? (request.number(name) ?? unchanged) : option
  }
  return {
    sampler: sampling.sampler.id,
    schedule: sampling.schedule.name,
    steps,
    guidanceScale: request.number('cfg_scale') ?? 7,
    eta:
      request.number('eta') ??
      (sampling.sampler.isTimestepSampler === true
        ? optionNumber(options, 'eta_ddim', 0)
        : optionNumber(options, 'eta_ancestral', 1)),
    sChurn: churn('s_churn', 0),
    sTmin: churn('s_tmin', 0),
    sTmax: churn('s_tmax', 0),
    sNoise: churn('s_noise', 1),
    sMinUncond: request.number('s_min_uncond') ?? optionNumber(options, 's_min_uncond', 0),
    sigmaMin: optionNumber(options, 'sigma_min', 0),
    sigmaMax: optionNumber(options, 'sigma_max', 0),
    rho: optionNumber(options, 'rho', 0),
    alwaysDiscardPenultimate: optionFlag(options, 'always_discard_next_to_last_sigma'),
    extraOptionsJson: writeSamplerExtras(options),
    tokenMergingRatio: 0,
  }
}

/** Where noise comes from. */
export function toNoise({ request, options }: GenerationPlan): GenerationJob['noise'] {
  const isCpu = optionText(options, 'randn_source') === 'CPU'
  return {
    source: isCpu ? NoiseSource.NOISE_SOURCE_CPU : NoiseSource.NOISE_SOURCE_PHILOX,
    subseedStrength: request.number('subseed_strength') ?? 0,
    seedResizeWidth: Math.max(request.number('seed_resize_from_w') ?? 0, 0),
    seedResizeHeight: Math.max(request.number('seed_resize_from_h') ?? 0, 0),
    etaSeedDelta: optionNumber(options, 'eta_noise_seed_delta', 0),
  }
}
