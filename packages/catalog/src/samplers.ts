/** A sampler as A1111 lists it. */
export interface WebuiSampler {
  /** Name everywhere inside Atelier (job contract, engine). */
  readonly id: string
  /** A1111's display name, which requests use. */
  readonly name: string
  readonly aliases: readonly string[]
  /** `options` of GET /sdapi/v1/samplers, in order. */
  readonly options: Readonly<Record<string, string>>
  /** Schedule that "Automatic" means, by name; absent: the model's own even timesteps. */
  readonly defaultSchedule?: string
  /** Two evaluations a step: prompt timelines count twice as many. */
  readonly isSecondOrder?: boolean
  /** Works on whole timesteps (DDIM and its kin); schedules are ignored. */
  readonly isTimestepSampler?: boolean
  /** One more sigma is made and the last but one dropped. */
  readonly discardsPenultimate?: boolean
  /** Its noise is Brownian. */
  readonly isBrownian?: boolean
  /** The infotext names ENSD. */
  readonly usesEnsd?: boolean
}

const TRUE = 'True'

/** A1111 1.10's samplers in the order of GET /sdapi/v1/samplers. */
export const WEBUI_SAMPLERS: readonly WebuiSampler[] = [
  {
    id: 'dpmpp_2m',
    name: 'DPM++ 2M',
    aliases: ['k_dpmpp_2m'],
    options: { scheduler: 'karras' },
    defaultSchedule: 'karras',
  },
  {
    id: 'dpmpp_sde',
    name: 'DPM++ SDE',
    aliases: ['k_dpmpp_sde'],
    options: { scheduler: 'karras', second_order: TRUE, brownian_noise: TRUE },
    defaultSchedule: 'karras',
    isSecondOrder: true,
    isBrownian: true,
  },
  {
    id: 'dpmpp_2m_sde',
    name: 'DPM++ 2M SDE',
    aliases: ['k_dpmpp_2m_sde'],
    options: { scheduler: 'exponential', brownian_noise: TRUE },
    defaultSchedule: 'exponential',
    isBrownian: true,
  },
  {
    id: 'dpmpp_2m_sde_heun',
    name: 'DPM++ 2M SDE Heun',
    aliases: ['k_dpmpp_2m_sde_heun'],
    options: { scheduler: 'exponential', brownian_noise: TRUE, solver_type: 'heun' },
    defaultSchedule: 'exponential',
    isBrownian: true,
  },
  {
    id: 'dpmpp_2s_ancestral',
    name: 'DPM++ 2S a',
    aliases: ['k_dpmpp_2s_a'],
    options: { scheduler: 'karras', uses_ensd: TRUE, second_order: TRUE },
    defaultSchedule: 'karras',
    isSecondOrder: true,
    usesEnsd: true,
  },
  {
    id: 'dpmpp_3m_sde',
    name: 'DPM++ 3M SDE',
    aliases: ['k_dpmpp_3m_sde'],
    options: { scheduler: 'exponential', discard_next_to_last_sigma: TRUE, brownian_noise: TRUE },
    defaultSchedule: 'exponential',
    discardsPenultimate: true,
    isBrownian: true,
  },
  {
    id: 'euler_ancestral',
    name: 'Euler a',
    aliases: ['k_euler_a', 'k_euler_ancestral'],
    options: { uses_ensd: TRUE },
    usesEnsd: true,
  },
  { id: 'euler', name: 'Euler', aliases: ['k_euler'], options: {} },
  { id: 'lms', name: 'LMS', aliases: ['k_lms'], options: {} },
  { id: 'heun', name: 'Heun', aliases: ['k_heun'], options: { second_order: TRUE }, isSecondOrder: true },
  {
    id: 'dpm_2',
    name: 'DPM2',
    aliases: ['k_dpm_2'],
    options: { scheduler: 'karras', discard_next_to_last_sigma: TRUE, second_order: TRUE },
    defaultSchedule: 'karras',
    discardsPenultimate: true,
    isSecondOrder: true,
  },
  {
    id: 'dpm_2_ancestral',
    name: 'DPM2 a',
    aliases: ['k_dpm_2_a'],
    options: { scheduler: 'karras', discard_next_to_last_sigma: TRUE, uses_ensd: TRUE, second_order: TRUE },
    defaultSchedule: 'karras',
    discardsPenultimate: true,
    isSecondOrder: true,
    usesEnsd: true,
  },
  { id: 'dpm_fast', name: 'DPM fast', aliases: ['k_dpm_fast'], options: { uses_ensd: TRUE }, usesEnsd: true },
  {
    id: 'dpm_adaptive',
    name: 'DPM adaptive',
    aliases: ['k_dpm_ad'],
    options: { uses_ensd: TRUE },
    usesEnsd: true,
  },
  {
    id: 'restart',
    name: 'Restart',
    aliases: ['restart'],
    options: { scheduler: 'karras', second_order: TRUE },
    defaultSchedule: 'karras',
    isSecondOrder: true,
  },
  { id: 'ddim', name: 'DDIM', aliases: ['ddim'], options: {}, isTimestepSampler: true },
  { id: 'ddim_cfgpp', name: 'DDIM CFG++', aliases: ['ddim_cfgpp'], options: {}, isTimestepSampler: true },
  { id: 'plms', name: 'PLMS', aliases: ['plms'], options: {}, isTimestepSampler: true },
  { id: 'unipc', name: 'UniPC', aliases: ['unipc'], options: {}, isTimestepSampler: true },
  { id: 'lcm', name: 'LCM', aliases: ['k_lcm'], options: {} },
]

/** ComfyUI 0.3.64's KSampler list, in its order. */
export const COMFY_SAMPLER_NAMES = [
  'euler',
  'euler_cfg_pp',
  'euler_ancestral',
  'euler_ancestral_cfg_pp',
  'heun',
  'heunpp2',
  'dpm_2',
  'dpm_2_ancestral',
  'lms',
  'dpm_fast',
  'dpm_adaptive',
  'dpmpp_2s_ancestral',
  'dpmpp_2s_ancestral_cfg_pp',
  'dpmpp_sde',
  'dpmpp_sde_gpu',
  'dpmpp_2m',
  'dpmpp_2m_cfg_pp',
  'dpmpp_2m_sde',
  'dpmpp_2m_sde_gpu',
  'dpmpp_2m_sde_heun',
  'dpmpp_2m_sde_heun_gpu',
  'dpmpp_3m_sde',
  'dpmpp_3m_sde_gpu',
  'ddpm',
  'lcm',
  'ipndm',
  'ipndm_v',
  'deis',
  'res_multistep',
  'res_multistep_cfg_pp',
  'res_multistep_ancestral',
  'res_multistep_ancestral_cfg_pp',
  'gradient_estimation',
  'gradient_estimation_cfg_pp',
  'er_sde',
  'seeds_2',
  'seeds_3',
  'sa_solver',
  'sa_solver_pece',
  'ddim',
  'uni_pc',
  'uni_pc_bh2',
] as const

/** A sampler name of ComfyUI's list. */
export type ComfySamplerName = (typeof COMFY_SAMPLER_NAMES)[number]

/** The A1111 sampler with that id, or undefined. */
export function findWebuiSampler(id: string): WebuiSampler | undefined {
  return WEBUI_SAMPLERS.find((sampler) => sampler.id === id)
}
