import type { NodeDefinition } from './node-definition.ts'
import { SAMPLER_NAMES, SCHEDULER_NAMES } from './option-lists.ts'

/** Samples latents over a window of steps, with or without noise at either end. */
export const kSamplerAdvanced: NodeDefinition = {
  className: 'KSamplerAdvanced',
  displayName: 'KSampler (Advanced)',
  category: 'sampling',
  inputs: {
    required: {
      model: { type: 'MODEL' },
      add_noise: { type: { choices: ['enable', 'disable'] } },
      noise_seed: {
        type: 'INT',
        options: { default: 0, min: 0, max: 18446744073709551615n, control_after_generate: true },
      },
      steps: { type: 'INT', options: { default: 20, min: 1, max: 10000 } },
      cfg: { type: 'FLOAT', options: { default: 8, min: 0, max: 100, step: 0.1, round: 0.01 } },
      sampler_name: { type: { choices: SAMPLER_NAMES } },
      scheduler: { type: { choices: SCHEDULER_NAMES } },
      positive: { type: 'CONDITIONING' },
      negative: { type: 'CONDITIONING' },
      latent_image: { type: 'LATENT' },
      start_at_step: { type: 'INT', options: { default: 0, min: 0, max: 10000 } },
      end_at_step: { type: 'INT', options: { default: 10000, min: 0, max: 10000 } },
      return_with_leftover_noise: { type: { choices: ['disable', 'enable'] } },
    },
  },
  outputs: [{ type: 'LATENT' }],
}
