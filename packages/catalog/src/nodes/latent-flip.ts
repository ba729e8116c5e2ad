import type { NodeDefinition } from './node-definition.ts'

/** Mirrors latents. */
export const latentFlip: NodeDefinition = {
  className: 'LatentFlip',
  displayName: 'Flip Latent',
  category: 'latent/transform',
  inputs: {
    required: {
      samples: { type: 'LATENT' },
      flip_method: { type: { choices: ['x-axis: vertically', 'y-axis: horizontally'] } },
    },
  },
  outputs: [{ type: 'LATENT' }],
}
