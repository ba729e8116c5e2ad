import type { NodeDefinition } from './node-definition.ts'

/** Mixes two latents. */
export const latentBlend: NodeDefinition = {
  className: 'LatentBlend',
  displayName: 'Latent Blend',
  category: '_for_testing',
  inputs: {
    required: {
      samples1: { type: 'LATENT' },
      samples2: { type: 'LATENT' },
      blend_factor: { type: 'FLOAT', options: { default: 0.5, min: 0n, max: 1n, step: 0.01 } },
    },
  },
  outputs: [{ type: 'LATENT' }],
}
