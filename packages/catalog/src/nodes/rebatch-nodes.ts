import type { NodeDefinition } from './node-definition.ts'

/** Lists of batches cut anew into batches of another size. */
export const rebatchNodes: readonly NodeDefinition[] = [
  {
    className: 'RebatchLatents',
    displayName: 'Rebatch Latents',
    category: 'latent/batch',
    pythonModule: 'comfy_extras.nodes_rebatch',
    isSchemaNode: true,
    takesLists: true,
    inputs: {
      required: {
        latents: { type: 'LATENT' },
        batch_size: { type: 'INT', options: { default: 1, min: 1, max: 4096 } },
      },
    },
    outputs: [{ type: 'LATENT', isList: true }],
  },
  {
    className: 'RebatchImages',
    displayName: 'Rebatch Images',
    category: 'image/batch',
    pythonModule: 'comfy_extras.nodes_rebatch',
    isSchemaNode: true,
    takesLists: true,
    inputs: {
      required: {
        images: { type: 'IMAGE' },
        batch_size: { type: 'INT', options: { default: 1, min: 1, max: 4096 } },
      },
    },
    outputs: [{ type: 'IMAGE', isList: true }],
  },
]
