import type { NodeDefinition } from './node-definition.ts'

/** Steps left out where little changes; here every step is taken. */
export const easyCacheNodes: readonly NodeDefinition[] = [
  {
    className: 'EasyCache',
    displayName: 'EasyCache',
    category: 'advanced/debug/model',
    pythonModule: 'comfy_extras.nodes_easycache',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL', options: { tooltip: '' } },
        reuse_threshold: {
          type: 'FLOAT',
          options: { tooltip: '', default: 0.2, min: 0, max: 3, step: 0.01 },
        },
        start_percent: { type: 'FLOAT', options: { tooltip: '', default: 0.15, min: 0, max: 1, step: 0.01 } },
        end_percent: { type: 'FLOAT', options: { tooltip: '', default: 0.95, min: 0, max: 1, step: 0.01 } },
        verbose: { type: 'BOOLEAN', options: { tooltip: '', default: false } },
      },
    },
    outputs: [{ type: 'MODEL' }],
    outputTooltips: [''],
  },
  {
    className: 'LazyCache',
    displayName: 'LazyCache',
    category: 'advanced/debug/model',
    pythonModule: 'comfy_extras.nodes_easycache',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL', options: { tooltip: '' } },
        reuse_threshold: {
          type: 'FLOAT',
          options: { tooltip: '', default: 0.2, min: 0, max: 3, step: 0.01 },
        },
        start_percent: { type: 'FLOAT', options: { tooltip: '', default: 0.15, min: 0, max: 1, step: 0.01 } },
        end_percent: { type: 'FLOAT', options: { tooltip: '', default: 0.95, min: 0, max: 1, step: 0.01 } },
        verbose: { type: 'BOOLEAN', options: { tooltip: '', default: false } },
      },
    },
    outputs: [{ type: 'MODEL' }],
    outputTooltips: [''],
  },
]
