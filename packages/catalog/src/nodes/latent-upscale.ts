import type { NodeDefinition } from './node-definition.ts'

/** Resizes latents to a size in pixels. */
export const latentUpscale: NodeDefinition = {
  className: 'LatentUpscale',
  displayName: 'Upscale Latent',
  category: 'latent',
  inputs: {
    required: {
      samples: { type: 'LATENT' },
      upscale_method: { type: { choices: ['nearest-exact', 'bilinear', 'area', 'bicubic', 'bislerp'] } },
      width: { type: 'INT', options: { default: 512, min: 0, max: 16384, step: 8 } },
      height: { type: 'INT', options: { default: 512, min: 0, max: 16384, step: 8 } },
      crop: { type: { choices: ['disabled', 'center'] } },
    },
  },
  outputs: [{ type: 'LATENT' }],
}
