import type { NodeDefinition } from './node-definition.ts'

/** Changes of classifier-free guidance. */
export const cfgNodes: readonly NodeDefinition[] = [
  {
    className: 'CFGZeroStar',
    displayName: null,
    category: 'advanced/guidance',
    pythonModule: 'comfy_extras.nodes_cfg',
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
      },
    },
    outputs: [{ type: 'MODEL', name: 'patched_model' }],
  },
  {
    className: 'CFGNorm',
    displayName: null,
    category: 'advanced/guidance',
    pythonModule: 'comfy_extras.nodes_cfg',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 100, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL', name: 'patched_model' }],
  },
]
