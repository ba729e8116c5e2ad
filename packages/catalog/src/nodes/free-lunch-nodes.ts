import type { NodeDefinition } from './node-definition.ts'

/** FreeU: features of the two halves of the network weighed. */
export const freeLunchNodes: readonly NodeDefinition[] = [
  {
    className: 'FreeU',
    displayName: 'FreeU',
    category: 'model_patches/unet',
    pythonModule: 'comfy_extras.nodes_freelunch',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        b1: { type: 'FLOAT', options: { default: 1.1, min: 0, max: 10, step: 0.01 } },
        b2: { type: 'FLOAT', options: { default: 1.2, min: 0, max: 10, step: 0.01 } },
        s1: { type: 'FLOAT', options: { default: 0.9, min: 0, max: 10, step: 0.01 } },
        s2: { type: 'FLOAT', options: { default: 0.2, min: 0, max: 10, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'FreeU_V2',
    displayName: 'FreeU_V2',
    category: 'model_patches/unet',
    pythonModule: 'comfy_extras.nodes_freelunch',
    inputs: {
      required: {
        model: { type: 'MODEL' },
        b1: { type: 'FLOAT', options: { default: 1.3, min: 0, max: 10, step: 0.01 } },
        b2: { type: 'FLOAT', options: { default: 1.4, min: 0, max: 10, step: 0.01 } },
        s1: { type: 'FLOAT', options: { default: 0.9, min: 0, max: 10, step: 0.01 } },
        s2: { type: 'FLOAT', options: { default: 0.2, min: 0, max: 10, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
