import type { NodeDefinition } from './node-definition.ts'

/** Turns pictures into latents. */
export const vaeEncode: NodeDefinition = {
  className: 'VAEEncode',
  displayName: 'VAE Encode',
  category: 'latent',
  inputs: {
    required: {
      pixels: { type: 'IMAGE' },
      vae: { type: 'VAE' },
    },
  },
  outputs: [{ type: 'LATENT' }],
}
