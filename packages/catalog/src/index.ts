export { COMFY_SAMPLER_NAMES, findWebuiSampler, WEBUI_SAMPLERS } from './samplers.ts'
export type { ComfySamplerName, WebuiSampler } from './samplers.ts'
export { COMFY_SCHEDULE_NAMES, resolveWebuiSampling, toAutomatic, WEBUI_SCHEDULES } from './schedules.ts'
export type { ResolvedSampling, WebuiSchedule } from './schedules.ts'
