import type { ModelRef } from '@atelier/proto'
import type { ScaleRule, ShareRule } from '../adapters/mix-weights.ts'

/** One thing that changes a model's weights: an adapter file, another model mixed in, or factors. */
export type AdapterRef = AdapterFileRef | MixtureRef | ScalingRef

/** An adapter file with its strengths. */
export interface AdapterFileRef {
  readonly file: ModelRef | undefined
  readonly denoiserStrength: number
  readonly textStrength: number
  /** Ranks of products that are used; absent: all. */
  readonly rankLimit?: number | undefined
}

/** Parts that a mixture or a scaling acts on. */
export type ChangedPart = 'denoiser' | 'texts'

/** Another model, with its own changes, whose weights are mixed in. */
export interface MixtureRef {
  readonly mixed: {
    readonly checkpoint: ModelRef
    readonly companion?: ModelRef
    readonly adapters?: readonly AdapterRef[]
  }
  readonly part: ChangedPart
  readonly rule: ShareRule
}

/** Factors on weights. */
export interface ScalingRef {
  readonly part: ChangedPart
  readonly factors: ScaleRule
}
