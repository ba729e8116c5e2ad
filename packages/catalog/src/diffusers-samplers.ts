import type { WebuiSampler } from './samplers.ts'

/** Scheduler classes of Diffusers that are taken as samplers, by class name. */
export const DIFFUSERS_SCHEDULER_NAMES = [
  'DDIMScheduler',
  'PNDMScheduler',
  'DDPMScheduler',
  'EulerDiscreteScheduler',
  'EulerAncestralDiscreteScheduler',
  'HeunDiscreteScheduler',
  'LMSDiscreteScheduler',
  'KDPM2DiscreteScheduler',
  'KDPM2AncestralDiscreteScheduler',
  'DPMSolverSDEScheduler',
  'DPMSolverMultistepScheduler',
  'DPMSolverSinglestepScheduler',
  'UniPCMultistepScheduler',
  'DEISMultistepScheduler',
  'LCMScheduler',
  'TCDScheduler',
] as const

/** Class name of a Diffusers scheduler. */
export type DiffusersSchedulerName = (typeof DIFFUSERS_SCHEDULER_NAMES)[number]

/** Those that evaluate the network twice a step. */
const SECOND_ORDER = /^(Heun|KDPM2|DPMSolverSDE)/

/** Whether a text names a Diffusers scheduler class that is known. */
export function isDiffusersScheduler(text: string): text is DiffusersSchedulerName {
  return (DIFFUSERS_SCHEDULER_NAMES as readonly string[]).includes(text)
}

/** A Diffusers scheduler as a sampler of requests; it is not listed among A1111's. Undefined for other names. */
export function findDiffusersSampler(name: string): WebuiSampler | undefined {
  if (!isDiffusersScheduler(name)) return undefined
  return { id: name, name, aliases: [], options: {}, isSecondOrder: SECOND_ORDER.test(name) }
}

/** Settings of a scheduler, as a folder's `scheduler_config.json` names them; what is missing is the class's default. */
export interface DiffusersSettings {
  readonly timestep_spacing?: string
  readonly steps_offset?: number
  readonly use_karras_sigmas?: boolean
  readonly use_exponential_sigmas?: boolean
  readonly use_beta_sigmas?: boolean
  readonly use_lu_lambdas?: boolean
  readonly set_alpha_to_one?: boolean
  readonly final_sigmas_type?: string
  readonly euler_at_final?: boolean
  readonly lower_order_final?: boolean
  readonly solver_order?: number
  readonly solver_type?: string
  readonly algorithm_type?: string
  /** Steps a consistency model was distilled at, and the factor on its timesteps. */
  readonly original_inference_steps?: number
  readonly timestep_scaling?: number
}
