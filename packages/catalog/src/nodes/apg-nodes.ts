import type { NodeDefinition } from './node-definition.ts'

/** Guidance projected along the prediction. */
export const apgNodes: readonly NodeDefinition[] = [
  {
    className: 'APG',
    displayName: 'Adaptive Projected Guidance',
    category: 'sampling/custom_sampling',
    pythonModule: 'comfy_extras.nodes_apg',
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        eta: { type: 'FLOAT', options: { tooltip: '', default: 1, min: -10, max: 10, step: 0.01 } },
        norm_threshold: { type: 'FLOAT', options: { tooltip: '', default: 5, min: 0, max: 50, step: 0.1 } },
        momentum: { type: 'FLOAT', options: { tooltip: '', default: 0, min: -5, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
