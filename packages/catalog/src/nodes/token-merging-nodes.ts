import type { NodeDefinition } from './node-definition.ts'

/** Similar tokens merged. */
export const tokenMergingNodes: readonly NodeDefinition[] = [
  {
    className: 'TomePatchModel',
    displayName: null,
    category: 'model_patches/unet',
    pythonModule: 'comfy_extras.nodes_tomesd',
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        ratio: { type: 'FLOAT', options: { default: 0.3, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
