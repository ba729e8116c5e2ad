import type { NodeDefinition } from './node-definition.ts'

/** Shows an inpainting model a picture outside a mask. */
export const inpaintModelConditioning: NodeDefinition = {
  className: 'InpaintModelConditioning',
  displayName: 'InpaintModelConditioning',
  category: 'conditioning/inpaint',
  inputs: {
    required: {
      positive: { type: 'CONDITIONING' },
      negative: { type: 'CONDITIONING' },
      vae: { type: 'VAE' },
      pixels: { type: 'IMAGE' },
      mask: { type: 'MASK' },
      noise_mask: { type: 'BOOLEAN', options: { default: true, tooltip: '' } },
    },
  },
  outputs: [
    { type: 'CONDITIONING', name: 'positive' },
    { type: 'CONDITIONING', name: 'negative' },
    { type: 'LATENT', name: 'latent' },
  ],
}
