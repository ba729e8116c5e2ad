import type { NodeDefinition } from './node-definition.ts'

/** Guidance whose negative acts across the positive. */
export const perpNegNodes: readonly NodeDefinition[] = [
  {
    className: 'PerpNeg',
    displayName: 'Perp-Neg (DEPRECATED by PerpNegGuider)',
    category: '_for_testing',
    pythonModule: 'comfy_extras.nodes_perpneg',
    isDeprecated: true,
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        empty_conditioning: { type: 'CONDITIONING' },
        neg_scale: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
  {
    className: 'PerpNegGuider',
    displayName: null,
    category: '_for_testing',
    pythonModule: 'comfy_extras.nodes_perpneg',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        positive: { type: 'CONDITIONING' },
        negative: { type: 'CONDITIONING' },
        empty_conditioning: { type: 'CONDITIONING' },
        cfg: { type: 'FLOAT', options: { default: 8, min: 0, max: 100, step: 0.1, round: 0.01 } },
        neg_scale: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01 } },
      },
    },
    outputs: [{ type: 'GUIDER' }],
  },
]
