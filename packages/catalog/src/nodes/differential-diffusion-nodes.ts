import type { NodeDefinition } from './node-definition.ts'

/** Masks that grow while the noise falls. */
export const differentialDiffusionNodes: readonly NodeDefinition[] = [
  {
    className: 'DifferentialDiffusion',
    displayName: 'Differential Diffusion',
    category: '_for_testing',
    pythonModule: 'comfy_extras.nodes_differential_diffusion',
    isExperimental: true,
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
      },
      optional: {
        strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
