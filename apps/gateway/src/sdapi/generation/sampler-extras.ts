import { optionFlag, optionNumber, optionText, type Options } from '../options/options-store.ts'

// Options that only some samplers or schedules look at, with A1111's defaults.

const NUMBERS = {
  uni_pc_order: 3,
  beta_dist_alpha: 0.6,
  beta_dist_beta: 0.6,
  img2img_extra_noise: 0,
  skip_early_cond: 0,
} as const
const FLAGS = {
  uni_pc_lower_order_final: true,
  use_old_karras_scheduler_sigmas: false,
  sgm_noise_multiplier: false,
  s_min_uncond_all: false,
  use_downcasted_alpha_bar: false,
} as const
const TEXTS = {
  uni_pc_variant: 'bh1',
  uni_pc_skip_type: 'time_uniform',
  sd_noise_schedule: 'Default',
} as const

/** The job's extra sampler options: JSON of those that are not A1111's default, empty where all are. */
export function writeSamplerExtras(options: Options): string {
  const changed: Record<string, number | boolean | string> = {}
  const add = <T extends number | boolean | string>(name: string, value: T, unchanged: T) => {
    if (options.has(name) && value !== unchanged) changed[name] = value
  }
  for (const [name, unchanged] of Object.entries(NUMBERS))
    add(name, optionNumber(options, name, unchanged), unchanged)
  for (const [name, unchanged] of Object.entries(FLAGS)) add(name, optionFlag(options, name), unchanged)
  for (const [name, unchanged] of Object.entries(TEXTS)) add(name, optionText(options, name), unchanged)
  return Object.keys(changed).length === 0 ? '' : JSON.stringify(changed)
}
