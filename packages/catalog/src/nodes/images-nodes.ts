import type { NodeDefinition } from './node-definition.ts'

/** Cutting, joining, turning and measuring pictures. */
export const imagesNodes: readonly NodeDefinition[] = [
  {
    className: 'ImageCrop',
    displayName: 'Image Crop',
    category: 'image/transform',
    pythonModule: 'comfy_extras.nodes_images',
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        width: { type: 'INT', options: { default: 512, min: 1, max: 16384, step: 1 } },
        height: { type: 'INT', options: { default: 512, min: 1, max: 16384, step: 1 } },
        x: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 1 } },
        y: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 1 } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'RepeatImageBatch',
    displayName: 'RepeatImageBatch',
    category: 'image/batch',
    pythonModule: 'comfy_extras.nodes_images',
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        amount: { type: 'INT', options: { default: 1, min: 1, max: 4096 } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'ImageFromBatch',
    displayName: 'ImageFromBatch',
    category: 'image/batch',
    pythonModule: 'comfy_extras.nodes_images',
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        batch_index: { type: 'INT', options: { default: 0, min: 0, max: 4095 } },
        length: { type: 'INT', options: { default: 1, min: 1, max: 4096 } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'ImageAddNoise',
    displayName: 'ImageAddNoise',
    category: 'image',
    pythonModule: 'comfy_extras.nodes_images',
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        seed: {
          type: 'INT',
          options: {
            default: 0,
            min: 0,
            max: 18446744073709551615n,
            control_after_generate: true,
            tooltip: '',
          },
        },
        strength: { type: 'FLOAT', options: { default: 0.5, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'SaveAnimatedWEBP',
    displayName: 'SaveAnimatedWEBP',
    category: 'image/animation',
    pythonModule: 'comfy_extras.nodes_images',
    isOutput: true,
    inputs: {
      required: {
        images: { type: 'IMAGE' },
        filename_prefix: { type: 'STRING', options: { default: 'ComfyUI' } },
        fps: { type: 'FLOAT', options: { default: 6, min: 0.01, max: 1000, step: 0.01 } },
        lossless: { type: 'BOOLEAN', options: { default: true } },
        quality: { type: 'INT', options: { default: 80, min: 0, max: 100 } },
        method: { type: { choices: ['default', 'fastest', 'slowest'] } },
      },
      hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
    },
    outputs: [],
  },
  {
    className: 'SaveAnimatedPNG',
    displayName: 'SaveAnimatedPNG',
    category: 'image/animation',
    pythonModule: 'comfy_extras.nodes_images',
    isOutput: true,
    inputs: {
      required: {
        images: { type: 'IMAGE' },
        filename_prefix: { type: 'STRING', options: { default: 'ComfyUI' } },
        fps: { type: 'FLOAT', options: { default: 6, min: 0.01, max: 1000, step: 0.01 } },
        compress_level: { type: 'INT', options: { default: 4, min: 0, max: 9 } },
      },
      hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
    },
    outputs: [],
  },
  {
    className: 'ImageStitch',
    displayName: 'Image Stitch',
    category: 'image/transform',
    pythonModule: 'comfy_extras.nodes_images',
    inputs: {
      required: {
        image1: { type: 'IMAGE' },
        direction: { type: { choices: ['right', 'down', 'left', 'up'] }, options: { default: 'right' } },
        match_image_size: { type: 'BOOLEAN', options: { default: true } },
        spacing_width: { type: 'INT', options: { default: 0, min: 0, max: 1024, step: 2 } },
        spacing_color: {
          type: { choices: ['white', 'black', 'red', 'green', 'blue'] },
          options: { default: 'white' },
        },
      },
      optional: { image2: { type: 'IMAGE' } },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'ResizeAndPadImage',
    displayName: 'ResizeAndPadImage',
    category: 'image/transform',
    pythonModule: 'comfy_extras.nodes_images',
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        target_width: { type: 'INT', options: { default: 512, min: 1, max: 16384, step: 1 } },
        target_height: { type: 'INT', options: { default: 512, min: 1, max: 16384, step: 1 } },
        padding_color: { type: { choices: ['white', 'black'] } },
        interpolation: { type: { choices: ['area', 'bicubic', 'nearest-exact', 'bilinear', 'lanczos'] } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'GetImageSize',
    displayName: 'Get Image Size',
    category: 'image',
    pythonModule: 'comfy_extras.nodes_images',
    inputs: { required: { image: { type: 'IMAGE' } }, hidden: { unique_id: 'UNIQUE_ID' } },
    outputs: [
      { type: 'INT', name: 'width' },
      { type: 'INT', name: 'height' },
      { type: 'INT', name: 'batch_size' },
    ],
  },
  {
    className: 'ImageRotate',
    displayName: 'ImageRotate',
    category: 'image/transform',
    pythonModule: 'comfy_extras.nodes_images',
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        rotation: { type: { choices: ['none', '90 degrees', '180 degrees', '270 degrees'] } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'ImageFlip',
    displayName: 'ImageFlip',
    category: 'image/transform',
    pythonModule: 'comfy_extras.nodes_images',
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        flip_method: { type: { choices: ['x-axis: vertically', 'y-axis: horizontally'] } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'ImageScaleToMaxDimension',
    displayName: 'ImageScaleToMaxDimension',
    category: 'image/upscaling',
    pythonModule: 'comfy_extras.nodes_images',
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        upscale_method: {
          type: { choices: ['area', 'lanczos', 'bilinear', 'nearest-exact', 'bilinear', 'bicubic'] },
        },
        largest_size: { type: 'INT', options: { default: 512, min: 0, max: 16384, step: 1 } },
      },
    },
    outputs: [{ type: 'IMAGE' }],
  },
]
