import type { NodeDefinition } from './node-definition.ts'

/** The schedule GITS. */
export const gitsNodes: readonly NodeDefinition[] = [
  {
    className: 'GITSScheduler',
    displayName: null,
    category: 'sampling/custom_sampling/schedulers',
    pythonModule: 'comfy_extras.nodes_gits',
    isSchemaNode: true,
    inputs: {
      required: {
        coeff: { type: 'FLOAT', options: { default: 1.2, min: 0.8, max: 1.5, step: 0.05 } },
        steps: { type: 'INT', options: { default: 10, min: 2, max: 1000 } },
        denoise: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'SIGMAS' }],
  },
]
