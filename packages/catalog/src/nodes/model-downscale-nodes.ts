import type { NodeDefinition } from './node-definition.ts'

/** Features made smaller within the network. */
export const modelDownscaleNodes: readonly NodeDefinition[] = [
  {
    className: 'PatchModelAddDownscale',
    displayName: 'PatchModelAddDownscale (Kohya Deep Shrink)',
    category: 'model_patches/unet',
    pythonModule: 'comfy_extras.nodes_model_downscale',
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        block_number: { type: 'INT', options: { default: 3, min: 1, max: 32, step: 1 } },
        downscale_factor: { type: 'FLOAT', options: { default: 2, min: 0.1, max: 9, step: 0.001 } },
        start_percent: { type: 'FLOAT', options: { default: 0, min: 0, max: 1, step: 0.001 } },
        end_percent: { type: 'FLOAT', options: { default: 0.35, min: 0, max: 1, step: 0.001 } },
        downscale_after_skip: { type: 'BOOLEAN', options: { default: true } },
        downscale_method: { type: { choices: ['bicubic', 'nearest-exact', 'bilinear', 'area', 'bislerp'] } },
        upscale_method: { type: { choices: ['bicubic', 'nearest-exact', 'bilinear', 'area', 'bislerp'] } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
