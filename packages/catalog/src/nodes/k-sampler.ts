import type { NodeDefinition } from './node-definition.ts'
import { SAMPLER_NAMES, SCHEDULER_NAMES } from './option-lists.ts'

/** Samples latents with one seed and the whole or the last part of a schedule. */
export const kSampler: NodeDefinition = {
  className: 'KSampler',
  displayName: 'KSampler',
  category: 'sampling',
  inputs: {
    required: {
      model: { type: 'MODEL', options: { tooltip: '' } },
      seed: {
        type: 'INT',
        options: {
          default: 0,
          min: 0,
          max: 18446744073709551615n,
          control_after_generate: true,
          tooltip: '',
        },
      },
      steps: { type: 'INT', options: { default: 20, min: 1, max: 10000, tooltip: '' } },
      cfg: { type: 'FLOAT', options: { default: 8, min: 0, max: 100, step: 0.1, round: 0.01, tooltip: '' } },
      sampler_name: { type: { choices: SAMPLER_NAMES }, options: { tooltip: '' } },
      scheduler: { type: { choices: SCHEDULER_NAMES }, options: { tooltip: '' } },
      positive: { type: 'CONDITIONING', options: { tooltip: '' } },
      negative: { type: 'CONDITIONING', options: { tooltip: '' } },
      latent_image: { type: 'LATENT', options: { tooltip: '' } },
      denoise: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01, tooltip: '' } },
    },
  },
  outputs: [{ type: 'LATENT' }],
  outputTooltips: [''],
}
