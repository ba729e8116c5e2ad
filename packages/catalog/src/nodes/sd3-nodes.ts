import type { NodeDefinition } from './node-definition.ts'

/** An empty latent for models of sixteen channels, and ControlNets told an autoencoder. */
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
  {
    className: 'ControlNetApplySD3',
    displayName: 'Apply Controlnet with VAE',
    category: 'conditioning/controlnet',
    pythonModule: 'comfy_extras.nodes_sd3',
    isSchemaNode: true,
    isDeprecated: true,
    inputs: {
      required: {
        positive: { type: 'CONDITIONING' },
        negative: { type: 'CONDITIONING' },
        control_net: { type: 'CONTROL_NET' },
        vae: { type: 'VAE' },
        image: { type: 'IMAGE' },
        strength: { type: 'FLOAT', options: { default: 1, min: 0, max: 10, step: 0.01 } },
        start_percent: { type: 'FLOAT', options: { default: 0, min: 0, max: 1, step: 0.001 } },
        end_percent: { type: 'FLOAT', options: { default: 1, min: 0, max: 1, step: 0.001 } },
      },
    },
    outputs: [
      { type: 'CONDITIONING', name: 'positive' },
      { type: 'CONDITIONING', name: 'negative' },
    ],
  },
]
