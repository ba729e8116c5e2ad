import type { NodeDefinition } from './node-definition.ts'

/** Guidance away from perturbed attention. */
export const perturbedAttentionNodes: readonly NodeDefinition[] = [
  {
    className: 'PerturbedAttentionGuidance',
    displayName: null,
    category: 'model_patches/unet',
    pythonModule: 'comfy_extras.nodes_pag',
    isSchemaNode: true,
    inputs: {
      required: {
        model: { type: 'MODEL' },
        scale: { type: 'FLOAT', options: { default: 3, min: 0, max: 100, step: 0.01, round: 0.01 } },
      },
    },
    outputs: [{ type: 'MODEL' }],
  },
]
