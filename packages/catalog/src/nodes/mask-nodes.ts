import type { NodeDefinition } from './node-definition.ts'

/** Masks: made, combined, grown and laid over pictures and latents. */
export const maskNodes: readonly NodeDefinition[] = [
  {
    className: 'LatentCompositeMasked',
    displayName: 'LatentCompositeMasked',
    category: 'latent',
    pythonModule: 'comfy_extras.nodes_mask',
    inputs: {
      required: {
        destination: { type: 'LATENT' },
        source: { type: 'LATENT' },
        x: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
        y: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
        resize_source: { type: 'BOOLEAN', options: { default: false } },
      },
      optional: { mask: { type: 'MASK' } },
    },
    outputs: [{ type: 'LATENT' }],
  },
  {
    className: 'ImageCompositeMasked',
    displayName: 'ImageCompositeMasked',
    category: 'image',
    pythonModule: 'comfy_extras.nodes_mask',
    inputs: {
      required: {
        destination: { type: 'IMAGE' },
        source: { type: 'IMAGE' },
        x: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 1 } },
        y: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 1 } },
        resize_source: { type: 'BOOLEAN', options: { default: false } },
      },
      optional: { mask: { type: 'MASK' } },
    },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'MaskToImage',
    displayName: 'Convert Mask to Image',
    category: 'mask',
    pythonModule: 'comfy_extras.nodes_mask',
    inputs: { required: { mask: { type: 'MASK' } } },
    outputs: [{ type: 'IMAGE' }],
  },
  {
    className: 'ImageToMask',
    displayName: 'Convert Image to Mask',
    category: 'mask',
    pythonModule: 'comfy_extras.nodes_mask',
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        channel: { type: { choices: ['red', 'green', 'blue', 'alpha'] } },
      },
    },
    outputs: [{ type: 'MASK' }],
  },
  {
    className: 'ImageColorToMask',
    displayName: 'ImageColorToMask',
    category: 'mask',
    pythonModule: 'comfy_extras.nodes_mask',
    inputs: {
      required: {
        image: { type: 'IMAGE' },
        color: { type: 'INT', options: { default: 0, min: 0, max: 16777215, step: 1, display: 'color' } },
      },
    },
    outputs: [{ type: 'MASK' }],
  },
  {
    className: 'SolidMask',
    displayName: 'SolidMask',
    category: 'mask',
    pythonModule: 'comfy_extras.nodes_mask',
    inputs: {
      required: {
        value: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
        width: { type: 'INT', options: { default: 512, min: 1, max: 16384, step: 1 } },
        height: { type: 'INT', options: { default: 512, min: 1, max: 16384, step: 1 } },
      },
    },
    outputs: [{ type: 'MASK' }],
  },
  {
    className: 'InvertMask',
    displayName: 'InvertMask',
    category: 'mask',
    pythonModule: 'comfy_extras.nodes_mask',
    inputs: { required: { mask: { type: 'MASK' } } },
    outputs: [{ type: 'MASK' }],
  },
  {
    className: 'CropMask',
    displayName: 'CropMask',
    category: 'mask',
    pythonModule: 'comfy_extras.nodes_mask',
    inputs: {
      required: {
        mask: { type: 'MASK' },
        x: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 1 } },
        y: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 1 } },
        width: { type: 'INT', options: { default: 512, min: 1, max: 16384, step: 1 } },
        height: { type: 'INT', options: { default: 512, min: 1, max: 16384, step: 1 } },
      },
    },
    outputs: [{ type: 'MASK' }],
  },
  {
    className: 'MaskComposite',
    displayName: 'MaskComposite',
    category: 'mask',
    pythonModule: 'comfy_extras.nodes_mask',
    inputs: {
      required: {
        destination: { type: 'MASK' },
        source: { type: 'MASK' },
        x: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 1 } },
        y: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 1 } },
        operation: { type: { choices: ['multiply', 'add', 'subtract', 'and', 'or', 'xor'] } },
      },
    },
    outputs: [{ type: 'MASK' }],
  },
  {
    className: 'FeatherMask',
    displayName: 'FeatherMask',
    category: 'mask',
    pythonModule: 'comfy_extras.nodes_mask',
    inputs: {
      required: {
        mask: { type: 'MASK' },
        left: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 1 } },
        top: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 1 } },
        right: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 1 } },
        bottom: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 1 } },
      },
    },
    outputs: [{ type: 'MASK' }],
  },
  {
    className: 'GrowMask',
    displayName: 'GrowMask',
    category: 'mask',
    pythonModule: 'comfy_extras.nodes_mask',
    inputs: {
      required: {
        mask: { type: 'MASK' },
        expand: { type: 'INT', options: { default: 0, min: -16384, max: 16384, step: 1 } },
        tapered_corners: { type: 'BOOLEAN', options: { default: true } },
      },
    },
    outputs: [{ type: 'MASK' }],
  },
  {
    className: 'ThresholdMask',
    displayName: 'ThresholdMask',
    category: 'mask',
    pythonModule: 'comfy_extras.nodes_mask',
    inputs: {
      required: {
        mask: { type: 'MASK' },
        value: { type: 'FLOAT', options: { default: 0.5, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MASK' }],
  },
  {
    className: 'MaskPreview',
    displayName: 'MaskPreview',
    category: 'mask',
    pythonModule: 'comfy_extras.nodes_mask',
    isOutput: true,
    inputs: {
      required: { mask: { type: 'MASK' } },
      hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
    },
    outputs: [],
  },
]
