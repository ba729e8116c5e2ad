import type { GuidanceRule } from '../denoise/composition/guiders.ts'
import type { Sampler, SamplerOptions } from '../denoise/sampler.ts'
import type { ConditioningValue, ModelValue } from './node-context.ts'

/** A SIGMAS: f32 values, descending as a rule. */
export type SigmasValue = readonly number[]

/** A SAMPLER: one by ComfyUI's name, or one made with options. */
export interface SamplerValue {
  readonly sampler: string | Sampler
  /** It looks at the unconditional prediction; a named one is known to. */
  readonly needsUnconditional?: boolean
  readonly options?: Pick<SamplerOptions, 'eta'> & { readonly sNoise?: number }
}

/** A NOISE: start noise of a seed, or none. */
export interface NoiseValue {
  readonly seed: bigint
  readonly isSilent: boolean
}

/** A GUIDER: a model with what guides it. */
export interface GuiderValue {
  readonly model: ModelValue
  /** Conditionings by the rule's roles. */
  readonly conditionings: Readonly<Record<string, ConditioningValue>>
  readonly rule: GuidanceRule
}
