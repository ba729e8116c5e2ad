import type { NodeDefinition } from './node-definition.ts'

/** Pictures that are edited by instructions. */
export const instructPix2PixNodes: readonly NodeDefinition[] = [
  {
    className: 'InstructPixToPixConditioning',
    displayName: null,
    category: 'conditioning/instructpix2pix',
    pythonModule: 'comfy_extras.nodes_ip2p',
    isSchemaNode: true,
    inputs: {
      required: {
        positive: { type: 'CONDITIONING' },
        negative: { type: 'CONDITIONING' },
        vae: { type: 'VAE' },
        pixels: { type: 'IMAGE' },
      },
    },
    outputs: [
      { type: 'CONDITIONING', name: 'positive' },
      { type: 'CONDITIONING', name: 'negative' },
      { type: 'LATENT', name: 'latent' },
    ],
  },
]
