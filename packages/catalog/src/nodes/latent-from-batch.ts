import type { NodeDefinition } from './node-definition.ts'

/** Takes some latents of a batch. */
export const latentFromBatch: NodeDefinition = {
  className: 'LatentFromBatch',
  displayName: 'Latent From Batch',
  category: 'latent/batch',
  inputs: {
    required: {
      samples: { type: 'LATENT' },
      batch_index: { type: 'INT', options: { default: 0, min: 0, max: 63 } },
      length: { type: 'INT', options: { default: 1, min: 1, max: 64 } },
    },
  },
  outputs: [{ type: 'LATENT' }],
}
