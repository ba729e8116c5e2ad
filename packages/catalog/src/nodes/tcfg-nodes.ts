import type { NodeDefinition } from './node-definition.ts'

/** Guidance without tangents. */
export const tcfgNodes: readonly NodeDefinition[] = [
  {
    className: 'TCFG',
    displayName: 'Tangential Damping CFG',
    category: 'advanced/guidance',
    pythonModule: 'comfy_extras.nodes_tcfg',
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
      },
    },
    outputs: [{ type: 'MODEL', name: 'patched_model' }],
  },
]
