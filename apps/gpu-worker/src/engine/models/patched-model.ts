import type { PredictionKind } from '@atelier/catalog'
import type { GuidePatch } from '../denoise/composition/guide-patches.ts'
import type { GuidanceExtra } from '../denoise/composition/guidance-extra.ts'
import type { InsidePatch } from '../denoise/inside/patch-network.ts'
import type { ModelSampling } from '../denoise/model-sampling.ts'
import type { SamplingPlan } from '../denoise/plan.ts'
import type { LatentFormat } from './latent-format.ts'
import type { LoadedModel } from './loaded-model.ts'

/** What nodes change about how a model is sampled; later changes win, those of the guidance add up. */
export interface ModelPatches {
  readonly sampling?: ModelSampling
  readonly prediction?: PredictionKind
  readonly consistencyAt?: SamplingPlan['consistencyAt']
  readonly latents?: LatentFormat
  /** Made anew for each sampling: some remember their steps. */
  readonly guides?: readonly (() => GuidePatch)[]
  /** The noise mask acts by thresholds that fall with the noise (ComfyUI's DifferentialDiffusion), by this share. */
  readonly maskThresholds?: number
  /** What is changed inside the network, in its order. */
  readonly inside?: readonly InsidePatch[]
  /** Guidance by further predictions, made anew for each sampling. */
  readonly extras?: readonly (() => GuidanceExtra)[]
}

/** A model as it is sampled, changes included. */
export type SampledModel = LoadedModel &
  Pick<ModelPatches, 'consistencyAt' | 'guides' | 'maskThresholds' | 'inside' | 'extras'>

/** A model with changes. */
export function patchModel(model: LoadedModel, patches: ModelPatches = {}): SampledModel {
  const { sampling, prediction, latents, ...others } = patches
  return {
    ...model,
    ...others,
    ...(sampling && { sampling }),
    ...(prediction && { prediction }),
    ...(latents && { latents }),
  }
}
