import type { NodeDefinition } from './node-definition.ts'

/** Turns latents by quarters. */
export const latentRotate: NodeDefinition = {
  className: 'LatentRotate',
  displayName: 'Rotate Latent',
  category: 'latent/transform',
  inputs: {
    required: {
      samples: { type: 'LATENT' },
      rotation: { type: { choices: ['none', '90 degrees', '180 degrees', '270 degrees'] } },
    },
  },
  outputs: [{ type: 'LATENT' }],
}
