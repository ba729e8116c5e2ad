import type { NodeDefinition } from './node-definition.ts'

/** Guidance weighed by spatial frequency. */
export const frescaNodes: readonly NodeDefinition[] = [
  {
    className: 'FreSca',
    displayName: 'FreSca',
    category: '_for_testing',
    pythonModule: 'comfy_extras.nodes_fresca',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        scale_low: { type: 'FLOAT', options: { tooltip: '', default: 1, min: 0n, max: 10n, step: 0.01 } },
        scale_high: { type: 'FLOAT', options: { tooltip: '', default: 1.25, min: 0n, max: 10n, step: 0.01 } },
        freq_cutoff: { type: 'INT', options: { tooltip: '', default: 20, min: 1, max: 10000, step: 1 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
