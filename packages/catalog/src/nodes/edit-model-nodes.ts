import type { NodeDefinition } from './node-definition.ts'

/** Pictures for models that edit; no Stable Diffusion model looks at them. */
export const editModelNodes: readonly NodeDefinition[] = [
  {
    className: 'ReferenceLatent',
    displayName: null,
    category: 'advanced/conditioning/edit_models',
    pythonModule: 'comfy_extras.nodes_edit_model',
    isSchemaNode: true,
    inputs: {
      required: { conditioning: { type: 'CONDITIONING' } },
      optional: { latent: { type: 'LATENT' } },
    },
    outputs: [{ type: 'CONDITIONING' }],
  },
]
