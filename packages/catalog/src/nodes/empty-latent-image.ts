import type { NodeDefinition } from './node-definition.ts'

/** A batch of latents filled with zeros. */
export const emptyLatentImage: NodeDefinition = {
  className: 'EmptyLatentImage',
  displayName: 'Empty Latent Image',
  category: 'latent',
  inputs: {
    required: {
      width: { type: 'INT', options: { default: 512, min: 16, max: 16384, step: 8, tooltip: '' } },
      height: { type: 'INT', options: { default: 512, min: 16, max: 16384, step: 8, tooltip: '' } },
      batch_size: { type: 'INT', options: { default: 1, min: 1, max: 4096, tooltip: '' } },
    },
  },
  outputs: [{ type: 'LATENT' }],
  outputTooltips: [''],
}
