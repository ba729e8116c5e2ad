import type { NodeDefinition } from './node-definition.ts'

/** Resizes pictures by a factor. */
export const imageScaleBy: NodeDefinition = {
  className: 'ImageScaleBy',
  displayName: 'Upscale Image By',
  category: 'image/upscaling',
  inputs: {
    required: {
      image: { type: 'IMAGE' },
      upscale_method: { type: { choices: ['nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos'] } },
      scale_by: { type: 'FLOAT', options: { default: 1, min: 0.01, max: 8, step: 0.01 } },
    },
  },
  outputs: [{ type: 'IMAGE' }],
}
