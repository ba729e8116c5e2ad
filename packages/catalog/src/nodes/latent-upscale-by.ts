import type { NodeDefinition } from './node-definition.ts'

/** Resizes latents by a factor. */
export const latentUpscaleBy: NodeDefinition = {
  className: 'LatentUpscaleBy',
  displayName: 'Upscale Latent By',
  category: 'latent',
  inputs: {
    required: {
      samples: { type: 'LATENT' },
      upscale_method: { type: { choices: ['nearest-exact', 'bilinear', 'area', 'bicubic', 'bislerp'] } },
      scale_by: { type: 'FLOAT', options: { default: 1.5, min: 0.01, max: 8, step: 0.01 } },
    },
  },
  outputs: [{ type: 'LATENT' }],
}
