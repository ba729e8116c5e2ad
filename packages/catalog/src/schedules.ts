import { findDiffusersSampler } from './diffusers-samplers.ts'
import { SDNEXT_SAMPLERS } from './sdnext-samplers.data.ts'
import { WEBUI_SAMPLERS, type WebuiSampler } from './samplers.ts'

/** A schedule as A1111 lists it, fields in its order and spelling. */
export interface WebuiSchedule {
  readonly name: string
  readonly label: string
  readonly aliases: readonly string[] | null
  /** Curve parameter that the `rho` option may replace; -1: it has none. */
  readonly default_rho: number
  readonly need_inner_model: boolean
}

const schedule = (
  name: string,
  label: string,
  needsModel: boolean,
  more: Partial<WebuiSchedule> = {},
): WebuiSchedule => ({
  name,
  label,
  aliases: null,
  default_rho: -1,
  need_inner_model: needsModel,
  ...more,
})

/** A1111 1.10's schedules in the order of GET /sdapi/v1/schedulers. */
export const WEBUI_SCHEDULES: readonly WebuiSchedule[] = [
  schedule('automatic', 'Automatic', false),
  schedule('uniform', 'Uniform', true),
  schedule('karras', 'Karras', false, { default_rho: 7 }),
  schedule('exponential', 'Exponential', false),
  schedule('polyexponential', 'Polyexponential', false, { default_rho: 1 }),
  schedule('sgm_uniform', 'SGM Uniform', true, { aliases: ['SGMUniform'] }),
  schedule('kl_optimal', 'KL Optimal', false),
  schedule('align_your_steps', 'Align Your Steps', false),
  schedule('simple', 'Simple', true),
  schedule('normal', 'Normal', true),
  schedule('ddim', 'DDIM', true),
  schedule('beta', 'Beta', true),
]

/** ComfyUI 0.3.64's scheduler list, in its order. */
export const COMFY_SCHEDULE_NAMES = [
  'simple',
  'sgm_uniform',
  'karras',
  'exponential',
  'ddim_uniform',
  'beta',
  'normal',
  'linear_quadratic',
  'kl_optimal',
] as const

/** What a request's sampler and scheduler texts mean. */
export interface ResolvedSampling {
  readonly sampler: WebuiSampler
  readonly schedule: WebuiSchedule
}

/**
 * A1111's reading of the two fields, bug for bug: a schedule's label, name or alias at the end of the sampler's name is
 * cut off in list order; an unknown sampler is the first of the list. Diffusers' scheduler classes and SD.Next's names
 * are known as well.
 */
export function resolveWebuiSampling(
  samplerText: string | null,
  scheduleText: string | null,
): ResolvedSampling {
  let schedule =
    WEBUI_SCHEDULES.find(({ name, label }) => name === scheduleText || label === scheduleText) ??
    WEBUI_SCHEDULES[0]!
  let samplerName = samplerText ?? ''
  for (const candidate of WEBUI_SCHEDULES) {
    for (const text of [candidate.label, candidate.name, ...(candidate.aliases ?? [])]) {
      if (!samplerName.endsWith(` ${text}`)) continue
      schedule = candidate
      samplerName = samplerName.slice(0, -(text.length + 1))
      break
    }
  }
  // Whole names alone: what A1111 leaves of its own longer ones ("Euler SGM Uniform") stays unknown.
  const isSdnext = samplerText !== null && Object.hasOwn(SDNEXT_SAMPLERS, samplerText)
  const own = isSdnext ? SDNEXT_SAMPLERS[samplerText] : undefined
  if (own?.schedule !== undefined && scheduleText === null)
    schedule = WEBUI_SCHEDULES.find(({ label }) => label === own.schedule) ?? schedule
  return { sampler: findSampler(own?.sampler ?? samplerName), schedule }
}

function findSampler(text: string): WebuiSampler {
  const listed = WEBUI_SAMPLERS.find(({ name }) => name === text)
  return listed ?? findDiffusersSampler(text) ?? WEBUI_SAMPLERS[0]!
}

/** The same pair with the sampler's own schedule called "Automatic", as A1111 reports it. */
export function toAutomatic({ sampler, schedule }: ResolvedSampling): ResolvedSampling {
  const isOwn = sampler.defaultSchedule !== undefined && schedule.name === sampler.defaultSchedule
  return { sampler, schedule: isOwn ? WEBUI_SCHEDULES[0]! : schedule }
}
