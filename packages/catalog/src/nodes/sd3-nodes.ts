import type { NodeDefinition } from './node-definition.ts'

/** An empty latent for models of sixteen channels. */
export const sd3Nodes: readonly NodeDefinition[] = [
  {
    className: 'EmptySD3LatentImage',
    displayName: null,
    category: 'latent/sd3',
    pythonModule: 'comfy_extras.nodes_sd3',
    isSchemaNode: true,
    inputs: {
      required: {
        width: { type: 'INT', options: { default: 1024, min: 16, max: 16384, step: 16 } },
        height: { type: 'INT', options: { default: 1024, min: 16, max: 16384, step: 16 } },
        batch_size: { type: 'INT', options: { default: 1, min: 1, max: 4096 } },
      },
    },
    outputs: [{ type: 'LATENT' }],
  },
]
