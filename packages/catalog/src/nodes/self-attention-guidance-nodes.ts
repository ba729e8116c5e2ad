import type { NodeDefinition } from './node-definition.ts'

/** Guidance away from what is blurred where the network looks. */
export const selfAttentionGuidanceNodes: readonly NodeDefinition[] = [
  {
    className: 'SelfAttentionGuidance',
    displayName: 'Self-Attention Guidance',
    category: '_for_testing',
    pythonModule: 'comfy_extras.nodes_sag',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        scale: { type: 'FLOAT', options: { default: 0.5, min: -2, max: 5, step: 0.01 } },
        blur_sigma: { type: 'FLOAT', options: { default: 2, min: 0, max: 10, step: 0.1 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
