import type { DiffusersSchedulerName } from '@atelier/catalog'

/** How timesteps of a run are spread over those of training. */
export type TimestepSpacing = 'linspace' | 'leading' | 'trailing'

/** A scheduler class of Diffusers in our terms; what its configuration can change is its default here. */
export interface DiffusersScheduler {
  /** Id of the sampler that takes the same steps. */
  readonly sampler: string
  /** Others by `algorithm_type`. */
  readonly byAlgorithm?: Readonly<Record<string, string>>
  readonly spacing: TimestepSpacing | string
  readonly stepsOffset: number
  /** Its latents have unit variance: the start noise is not scaled. */
  readonly isUnitVariance: boolean
  /** Its timesteps are whole. */
  readonly roundsTimesteps: boolean
  /** It spreads one timestep more and leaves the last out. */
  readonly addsPoint: boolean
  /** Its last sigma is 0, not the smallest of training. */
  readonly endsAtZero: boolean
  readonly usesKarras: boolean
}

/** Schedulers that think in sigmas, after k-diffusion. */
const SIGMAS = {
  spacing: 'linspace',
  stepsOffset: 0,
  isUnitVariance: false,
  roundsTimesteps: false,
  addsPoint: false,
  endsAtZero: true,
  usesKarras: false,
} as const
/** DPM-Solver and its kin. */
const SOLVER = { ...SIGMAS, isUnitVariance: true, roundsTimesteps: true, addsPoint: true } as const
/** Schedulers that walk whole timesteps. */
const TIMESTEPS = {
  ...SIGMAS,
  spacing: 'leading',
  isUnitVariance: true,
  roundsTimesteps: true,
  endsAtZero: false,
} as const

/** Diffusers' scheduler classes by name, with their defaults (diffusers 0.42). */
export const DIFFUSERS_SCHEDULERS: Readonly<Record<DiffusersSchedulerName, DiffusersScheduler>> = {
  DDIMScheduler: { ...TIMESTEPS, sampler: 'ddim', endsAtZero: true },
  PNDMScheduler: { ...TIMESTEPS, sampler: 'plms' },
  EulerDiscreteScheduler: { ...SIGMAS, sampler: 'euler' },
  EulerAncestralDiscreteScheduler: { ...SIGMAS, sampler: 'euler_ancestral' },
  HeunDiscreteScheduler: { ...SIGMAS, sampler: 'heun' },
  LMSDiscreteScheduler: { ...SIGMAS, sampler: 'lms' },
  KDPM2DiscreteScheduler: { ...SIGMAS, sampler: 'dpm_2' },
  KDPM2AncestralDiscreteScheduler: { ...SIGMAS, sampler: 'dpm_2_ancestral' },
  DPMSolverSDEScheduler: { ...SIGMAS, sampler: 'dpmpp_sde' },
  DPMSolverMultistepScheduler: {
    ...SOLVER,
    sampler: 'dpmpp_2m',
    byAlgorithm: { 'sde-dpmsolver++': 'dpmpp_2m_sde' },
  },
}
