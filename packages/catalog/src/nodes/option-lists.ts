import { COMFY_SAMPLER_NAMES } from '../samplers.ts'
import { COMFY_SCHEDULE_NAMES } from '../schedules.ts'

/** Samplers a KSampler offers. */
export const SAMPLER_NAMES: readonly string[] = COMFY_SAMPLER_NAMES

/** Schedules a KSampler offers. */
export const SCHEDULER_NAMES: readonly string[] = COMFY_SCHEDULE_NAMES
