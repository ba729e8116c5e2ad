import type { NodeDefinition } from './node-definition.ts'

/** Resizes pictures to a size in pixels. */
export const imageScale: NodeDefinition = {
  className: 'ImageScale',
  displayName: 'Upscale Image',
  category: 'image/upscaling',
  inputs: {
    required: {
      image: { type: 'IMAGE' },
      upscale_method: { type: { choices: ['nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos'] } },
      width: { type: 'INT', options: { default: 512, min: 0, max: 16384, step: 1 } },
      height: { type: 'INT', options: { default: 512, min: 0, max: 16384, step: 1 } },
      crop: { type: { choices: ['disabled', 'center'] } },
    },
  },
  outputs: [{ type: 'IMAGE' }],
}
