import { CheckpointError } from '../checkpoint-error.ts'
import type { DeclaredFacts, DeclaredScheduler } from '../weight-file.ts'

type Config = Readonly<Record<string, unknown>>

/** Betas of every Stable Diffusion (Rombach et al. 2022). */
const BETAS = {
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  beta_end: 0.012,
  num_train_timesteps: 1000,
}
/** Settings of schedulers, and what they hold. */
const SETTING_KINDS = {
  timestep_spacing: 'string',
  steps_offset: 'number',
  use_karras_sigmas: 'boolean',
  use_exponential_sigmas: 'boolean',
  use_beta_sigmas: 'boolean',
  use_lu_lambdas: 'boolean',
  set_alpha_to_one: 'boolean',
  final_sigmas_type: 'string',
  euler_at_final: 'boolean',
  lower_order_final: 'boolean',
  solver_order: 'number',
  solver_type: 'string',
  algorithm_type: 'string',
  original_inference_steps: 'number',
  timestep_scaling: 'number',
} satisfies Record<keyof DeclaredScheduler['settings'], string>
const PREDICTIONS = { epsilon: 'epsilon', v_prediction: 'v', sample: 'x0' } as const

/**
 * What a scheduler's configuration says about the UNet: what it predicts, at which sigmas it was trained.
 * @throws CheckpointError `unknown-structure` for training schedules we do not have
 */
export function readPredictionFacts(config: Config, folder: string): Pick<DeclaredFacts, 'prediction'> {
  const unknown = (reason: string) => new CheckpointError('unknown-structure', folder, reason)
  const kind = config['prediction_type'] ?? 'epsilon'
  if (String(config['_class_name']).startsWith('EDM')) {
    const range = {
      sigmaMin: toNumber(config['sigma_min'], 0.002),
      sigmaMax: toNumber(config['sigma_max'], 80),
    }
    return {
      prediction: {
        prediction: kind === 'v_prediction' ? 'v' : 'edm',
        schedule: { kind: 'continuous', ...range },
      },
    }
  }
  for (const [name, expected] of Object.entries(BETAS)) {
    const value = config[name] ?? expected
    if (value !== expected) throw unknown(`its scheduler's ${name} is ${String(value)}, not ${expected}`)
  }
  const prediction = Object.hasOwn(PREDICTIONS, String(kind))
    ? PREDICTIONS[kind as keyof typeof PREDICTIONS]
    : undefined
  if (prediction === undefined) throw unknown(`its scheduler predicts ${JSON.stringify(kind).slice(0, 80)}`)
  const isZero = config['rescale_betas_zero_snr'] === true
  return { prediction: { prediction, schedule: { kind: isZero ? 'zero-terminal' : 'scaled-linear' } } }
}

/** The scheduler class, with the settings that change how it walks. */
export function readSchedulerFacts(config: Config): Pick<DeclaredFacts, 'scheduler'> {
  const name = config['_class_name']
  if (typeof name !== 'string') return {}
  const entries = Object.entries(SETTING_KINDS).flatMap(([key, kind]) =>
    typeof config[key] === kind ? [[key, config[key]] as const] : [],
  )
  return { scheduler: { name, settings: Object.fromEntries(entries) } }
}

/** How many heads a UNet's attention has: Diffusers' `attention_head_dim` is their number, in spite of its name. */
export function readHeadFacts(config: Config, folder: string): Pick<DeclaredFacts, 'heads'> {
  const given = config['num_attention_heads'] ?? config['attention_head_dim']
  const widths = config['block_out_channels']
  if (typeof given === 'number') return { heads: { count: given } }
  if (!Array.isArray(given) || !Array.isArray(widths)) return {}
  const counts = given.map(Number)
  const sizes = new Set(counts.map((count, level) => Number(widths[level]) / count))
  const [size] = sizes
  if (sizes.size === 1 && size !== undefined && size > 0) return { heads: { size } }
  if (new Set(counts).size === 1 && counts[0]! > 0) return { heads: { count: counts[0]! } }
  const reason = `its attention has ${counts.join(', ')} heads in levels ${widths.join(', ')} wide`
  throw new CheckpointError('unknown-structure', folder, reason)
}

/** Scale of an autoencoder's latents, and their channels' means and deviations where it has them. */
export function readLatentFacts(config: Config): Pick<DeclaredFacts, 'latents'> {
  const factor = config['scaling_factor']
  if (typeof factor !== 'number') return {}
  const [means, deviations] = [config['latents_mean'], config['latents_std']]
  if (!Array.isArray(means) || !Array.isArray(deviations)) return { latents: { factor } }
  const channels = means.map((mean, index) => ({ mean: Number(mean), deviation: Number(deviations[index]) }))
  return { latents: { factor, channels } }
}

function toNumber(value: unknown, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}
