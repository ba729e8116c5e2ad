import type { DiffusersSchedulerName } from '@atelier/catalog'
import { consistencyShares, type ModelSampling } from '../model-sampling.ts'
import type { Sampler } from '../sampler.ts'
import { createStridedDdim } from '../samplers/ddim-strided.ts'
import { ddpm } from '../samplers/ddpm.ts'
import { dpm2, dpm2Ancestral } from '../samplers/dpm-2.ts'
import { dpmppSde } from '../samplers/dpmpp-sde.ts'
import { eulerAncestral } from '../samplers/euler-ancestral.ts'
import { euler } from '../samplers/euler.ts'
import { heun } from '../samplers/heun.ts'
import { createLcmBoundary } from '../samplers/lcm-boundary.ts'
import { lms } from '../samplers/lms.ts'
import { plms } from '../samplers/plms.ts'
import { createTcd } from '../samplers/tcd.ts'
import type { DiffusersSettings, TimestepSpacing, Walk } from './settings.ts'
import {
  deisMultistep,
  dpmMultistep,
  dpmSinglestep,
  endsAtZero,
  uniPcMultistep,
  type WholeRun,
} from './solvers.ts'
import { listConsistencyTimesteps } from './timesteps.ts'

/** A run of a scheduler: its moments, the left out ones not counted, and where it lies in the whole. */
export interface SchedulerRun extends WholeRun {
  readonly walk: Walk
  readonly model: ModelSampling
}

/** Where a walk ends: at zero, at the smallest sigma of training, or (on a curve) once more at its last. */
export type WalkEnd = 'zero' | 'smallest' | 'repeated'

/** A scheduler class of Diffusers in our terms; what its configuration can change is its default here. */
export interface DiffusersScheduler {
  readonly sampler: (run: SchedulerRun) => Sampler
  readonly spacing: TimestepSpacing
  readonly stepsOffset: number
  /** Its configuration does not change the spacing. */
  readonly hasOneSpacing?: boolean
  /** Its latents have unit variance: the start noise is not scaled. */
  readonly isUnitVariance: boolean
  /** Its timesteps are whole. */
  readonly hasWholeTimesteps: boolean
  /** Its timesteps are whole on Karras's curve alone. */
  readonly roundsKarras?: boolean
  /** It spreads one timestep more and leaves the last out. */
  readonly addsPoint: boolean
  /** It knows Karras's, exponential and beta curves; those of solvers span the whole table, others their own list. */
  readonly curves: 'none' | 'own list' | 'whole table'
  readonly end: (settings: DiffusersSettings) => WalkEnd
  /** Timesteps of its own, whatever the spacing. */
  readonly listTimesteps?: (steps: number, settings: DiffusersSettings) => number[]
}

/** Schedulers that think in sigmas, after k-diffusion. */
const SIGMAS = {
  spacing: 'linspace',
  stepsOffset: 0,
  isUnitVariance: false,
  hasWholeTimesteps: false,
  addsPoint: false,
  curves: 'own list',
  end: (): WalkEnd => 'zero',
} as const
/** DPM-Solver and its kin. */
const SOLVER = {
  ...SIGMAS,
  isUnitVariance: true,
  hasWholeTimesteps: true,
  addsPoint: true,
  curves: 'whole table',
  end: (settings: DiffusersSettings): WalkEnd => (endsAtZero(settings) ? 'zero' : 'smallest'),
} as const
/** Schedulers that walk whole timesteps. */
const TIMESTEPS = {
  ...SIGMAS,
  spacing: 'leading',
  isUnitVariance: true,
  hasWholeTimesteps: true,
  curves: 'none',
} as const
/** Consistency models, which walk some of the timesteps they were distilled at. */
const CONSISTENCY = { ...TIMESTEPS, listTimesteps: listConsistencyTimesteps } as const

const hasAlphaOne = ({ set_alpha_to_one: isOne }: DiffusersSettings, byDefault: boolean): WalkEnd =>
  (isOne ?? byDefault) ? 'zero' : 'smallest'

/** Diffusers' scheduler classes by name, with their defaults (diffusers 0.42). */
export const DIFFUSERS_SCHEDULERS: Readonly<Record<DiffusersSchedulerName, DiffusersScheduler>> = {
  DDIMScheduler: { ...TIMESTEPS, sampler: stridedDdim, end: (settings) => hasAlphaOne(settings, true) },
  PNDMScheduler: { ...TIMESTEPS, sampler: () => plms, end: (settings) => hasAlphaOne(settings, false) },
  DDPMScheduler: { ...TIMESTEPS, sampler: () => ddpm },
  EulerDiscreteScheduler: {
    ...SIGMAS,
    sampler: () => euler,
    end: (settings) => (endsAtZero(settings) ? 'zero' : 'smallest'),
  },
  EulerAncestralDiscreteScheduler: { ...SIGMAS, sampler: () => eulerAncestral, curves: 'none' },
  HeunDiscreteScheduler: { ...SIGMAS, sampler: () => heun },
  LMSDiscreteScheduler: { ...SIGMAS, sampler: () => lms },
  KDPM2DiscreteScheduler: { ...SIGMAS, sampler: () => dpm2, roundsKarras: true },
  KDPM2AncestralDiscreteScheduler: { ...SIGMAS, sampler: () => dpm2Ancestral, roundsKarras: true },
  DPMSolverSDEScheduler: { ...SIGMAS, sampler: () => dpmppSde },
  DPMSolverMultistepScheduler: { ...SOLVER, sampler: dpmMultistep },
  DPMSolverSinglestepScheduler: { ...SOLVER, sampler: dpmSinglestep, hasOneSpacing: true },
  UniPCMultistepScheduler: { ...SOLVER, sampler: uniPcMultistep },
  DEISMultistepScheduler: { ...SOLVER, sampler: deisMultistep, end: () => 'repeated' },
  LCMScheduler: { ...CONSISTENCY, sampler: consistency },
  TCDScheduler: { ...CONSISTENCY, sampler: trajectoryConsistency, end: () => 'smallest' },
}

/** Each step ends a stride of whole timesteps below where it begins. */
function stridedDdim({ walk, steps, model, settings }: SchedulerRun): Sampler {
  const stride = Math.floor(model.sigmas.length / steps)
  const last = hasAlphaOne(settings, true) === 'zero' ? 0 : model.sigmaMin
  return createStridedDdim((step) => model.sigmas[walk.timesteps[step]! - stride] ?? last)
}

function consistency({ walk, settings }: SchedulerRun): Sampler {
  const scaling = settings.timestep_scaling
  return createLcmBoundary((step) => consistencyShares(walk.timesteps[step]!, scaling))
}

function trajectoryConsistency({ walk, model }: SchedulerRun): Sampler {
  return createTcd((step, eta) => model.sigmas[Math.floor((1 - eta) * (walk.timesteps[step + 1] ?? 0))]!)
}
