import type { ModelSampling } from './model-sampling.ts'
import type { DiffusersSettings } from './plan-diffusers.ts'

/** What A1111 settles about sampling. */
export interface WebuiSampling {
  /** Sampler id of the catalog. */
  readonly sampler: string
  /** Schedule name of the catalog. */
  readonly schedule: string
  readonly steps: number
  /** Image to image: share of the schedule that is run again. */
  readonly strength?: number | undefined
  /** Exactly the asked steps are run instead of steps x strength. */
  readonly runsAllSteps: boolean
  /** Smallest and largest sigma and the curve; 0: the model's or the schedule's. */
  readonly sigmaMin: number
  readonly sigmaMax: number
  readonly rho: number
  readonly alwaysDiscardsPenultimate: boolean
  /** Spans sigmas 0.1 to 10, as before A1111 1.0 (use_old_karras_scheduler_sigmas). */
  readonly usesOldSigmas?: boolean | undefined
  /** Shape of the Beta schedule; undefined: 0.6, 0.6. */
  readonly betaShape?: { readonly alpha: number; readonly beta: number } | undefined
  /** The start noise counts the picture's own variance in (sgm_noise_multiplier). */
  readonly usesSgmNoise?: boolean | undefined
  /** Image to image: share of noise added to the noised start (img2img_extra_noise). */
  readonly extraNoise?: number | undefined
  readonly uniPc?: Partial<UniPcSettings> | undefined
  /** The model is an SDXL: Align Your Steps has a list of its own for it. */
  readonly isSdxl?: boolean | undefined
  /** The scheduler that the model's Diffusers folder names. */
  readonly ownScheduler?: { readonly name: string; readonly settings: DiffusersSettings } | undefined
  readonly model: ModelSampling
}

/** A1111's settings of UniPC. */
export interface UniPcSettings {
  readonly variant: 'bh1' | 'bh2'
  readonly skipType: 'time_uniform' | 'time_quadratic' | 'logSNR'
  readonly order: number
  readonly lowersLastOrders: boolean
}
