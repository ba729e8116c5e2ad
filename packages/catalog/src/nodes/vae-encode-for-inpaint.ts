import type { NodeDefinition } from './node-definition.ts'

/** Encodes a picture whose masked part is turned to grey. */
export const vaeEncodeForInpaint: NodeDefinition = {
  className: 'VAEEncodeForInpaint',
  displayName: 'VAE Encode (for Inpainting)',
  category: 'latent/inpaint',
  inputs: {
    required: {
      pixels: { type: 'IMAGE' },
      vae: { type: 'VAE' },
      mask: { type: 'MASK' },
      grow_mask_by: { type: 'INT', options: { default: 6, min: 0, max: 64, step: 1 } },
    },
  },
  outputs: [{ type: 'LATENT' }],
}
