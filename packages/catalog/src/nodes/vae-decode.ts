import type { NodeDefinition } from './node-definition.ts'

/** Turns latents into pictures. */
export const vaeDecode: NodeDefinition = {
  className: 'VAEDecode',
  displayName: 'VAE Decode',
  category: 'latent',
  inputs: {
    required: {
      samples: { type: 'LATENT', options: { tooltip: '' } },
      vae: { type: 'VAE', options: { tooltip: '' } },
    },
  },
  outputs: [{ type: 'IMAGE' }],
  outputTooltips: [''],
}
