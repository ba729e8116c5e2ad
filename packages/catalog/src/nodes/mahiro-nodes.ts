import type { NodeDefinition } from './node-definition.ts'

/** A guidance that leans to the prompt. */
export const mahiroNodes: readonly NodeDefinition[] = [
  {
    className: 'Mahiro',
    displayName: 'Mahiro is so cute that she deserves a better guidance function!! (。・ω・。)',
    category: '_for_testing',
    pythonModule: 'comfy_extras.nodes_mahiro',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
      },
    },
    outputs: [{ type: 'MODEL', name: 'patched_model' }],
  },
]
