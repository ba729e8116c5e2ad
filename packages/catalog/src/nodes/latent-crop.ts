import type { NodeDefinition } from './node-definition.ts'

/** Cuts a part out of latents. */
export const latentCrop: NodeDefinition = {
  className: 'LatentCrop',
  displayName: 'Crop Latent',
  category: 'latent/transform',
  inputs: {
    required: {
      samples: { type: 'LATENT' },
      width: { type: 'INT', options: { default: 512, min: 64, max: 16384, step: 8 } },
      height: { type: 'INT', options: { default: 512, min: 64, max: 16384, step: 8 } },
      x: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
      y: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
    },
  },
  outputs: [{ type: 'LATENT' }],
}
