import type { NodeDefinition } from './node-definition.ts'

/** Blending, blurring, sharpening and other work on finished pictures. */
export const postProcessingNodes: readonly NodeDefinition[] = [
  {
    className: 'ImageBlend',
    displayName: null,
    category: 'image/postprocessing',
    pythonModule: 'comfy_extras.nodes_post_processing',
    isSchemaNode: true,
    inputs: {
      required: {
        image1: { type: 'IMAGE' },
        image2: { type: 'IMAGE' },
        blend_factor: { type: 'FLOAT', options: { default: 0.5, min: 0, max: 1, step: 0.01 } },
        blend_mode: {
          type: { choices: ['normal', 'multiply', 'screen', 'overlay', 'soft_light', 'difference'] },
        },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'ImageBlur',
    displayName: null,
    category: 'image/postprocessing',
    pythonModule: 'comfy_extras.nodes_post_processing',
    isSchemaNode: true,
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        blur_radius: { type: 'INT', options: { default: 1, min: 1, max: 31, step: 1 } },
        sigma: { type: 'FLOAT', options: { default: 1, min: 0.1, max: 10, step: 0.1 } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'ImageQuantize',
    displayName: null,
    category: 'image/postprocessing',
    pythonModule: 'comfy_extras.nodes_post_processing',
    isSchemaNode: true,
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        colors: { type: 'INT', options: { default: 256, min: 1, max: 256, step: 1 } },
        dither: {
          type: { choices: ['none', 'floyd-steinberg', 'bayer-2', 'bayer-4', 'bayer-8', 'bayer-16'] },
        },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'ImageSharpen',
    displayName: null,
    category: 'image/postprocessing',
    pythonModule: 'comfy_extras.nodes_post_processing',
    isSchemaNode: true,
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        sharpen_radius: { type: 'INT', options: { default: 1, min: 1, max: 31, step: 1 } },
        sigma: { type: 'FLOAT', options: { default: 1, min: 0.1, max: 10, step: 0.01 } },
        alpha: { type: 'FLOAT', options: { default: 1, min: 0, max: 5, step: 0.01 } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'ImageScaleToTotalPixels',
    displayName: null,
    category: 'image/upscaling',
    pythonModule: 'comfy_extras.nodes_post_processing',
    isSchemaNode: true,
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        upscale_method: { type: { choices: ['nearest-exact', 'bilinear', 'area', 'bicubic', 'lanczos'] } },
        megapixels: { type: 'FLOAT', options: { default: 1, min: 0.01, max: 16, step: 0.01 } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
]
