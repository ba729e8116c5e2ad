import type { NodeDefinition } from './node-definition.ts'

/** Noise predictions divided by a factor. */
export const epsilonScalingNodes: readonly NodeDefinition[] = [
  {
    className: 'Epsilon Scaling',
    displayName: null,
    category: 'model_patches/unet',
    pythonModule: 'comfy_extras.nodes_eps',
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        scaling_factor: {
          type: 'FLOAT',
          options: { default: 1.005, min: 0.5, max: 1.5, step: 0.001, display: 'number' },
        },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
