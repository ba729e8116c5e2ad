import { resolveWebuiSampling } from '@atelier/catalog'
import type { WebuiSampling } from '../webui-sampling.ts'
import { MODELS } from './recorded-models.ts'

/** Samplers that Forge adds to A1111's, and the ids of the same algorithms here. */
const FORGE_SAMPLERS: Readonly<Record<string, string>> = {
  HeunPP2: 'heunpp2',
  IPNDM: 'ipndm',
  IPNDM_V: 'ipndm_v',
  DEIS: 'deis',
  DDPM: 'ddpm',
}
/** Schedules that Forge adds to A1111's. */
const FORGE_SCHEDULES: Readonly<Record<string, string>> = {
  Turbo: 'turbo',
  'Align Your Steps GITS': 'align_your_steps_GITS',
  'Align Your Steps 11': 'align_your_steps_11',
  'Align Your Steps 32': 'align_your_steps_32',
}

/** A recorded A1111 case as the planner takes it. */
export function toWebuiSampling(row: {
  sampler: string
  scheduler?: string
  steps: number
  model?: string
  options?: Readonly<Record<string, unknown>>
}): WebuiSampling {
  const { options = {}, scheduler = 'Automatic' } = row
  const { sampler, schedule } = resolveWebuiSampling(row.sampler, scheduler)
  const number = (name: string) => Number(options[name] ?? 0)
  const tag = row.model ?? 'sd1'
  return {
    sampler: FORGE_SAMPLERS[row.sampler] ?? sampler.id,
    schedule: FORGE_SCHEDULES[scheduler] ?? schedule.name,
    steps: row.steps,
    runsAllSteps: options['img2img_fix_steps'] === true,
    sigmaMin: number('sigma_min'),
    sigmaMax: number('sigma_max'),
    rho: number('rho'),
    alwaysDiscardsPenultimate: options['always_discard_next_to_last_sigma'] === true,
    usesOldSigmas: options['use_old_karras_scheduler_sigmas'] === true,
    usesSgmNoise: options['sgm_noise_multiplier'] === true,
    extraNoise: number('img2img_extra_noise'),
    betaShape: { alpha: number('beta_dist_alpha') || 0.6, beta: number('beta_dist_beta') || 0.6 },
    uniPc: {
      variant: (options['uni_pc_variant'] ?? 'bh1') as 'bh1',
      skipType: (options['uni_pc_skip_type'] ?? 'time_uniform') as 'time_uniform',
      order: number('uni_pc_order') || 3,
      lowersLastOrders: options['uni_pc_lower_order_final'] !== false,
    },
    isSdxl: tag === 'sdxl',
    model: MODELS[tag]!,
  }
}
