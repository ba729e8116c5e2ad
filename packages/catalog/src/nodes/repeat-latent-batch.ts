import type { NodeDefinition } from './node-definition.ts'

/** Repeats a batch of latents. */
export const repeatLatentBatch: NodeDefinition = {
  className: 'RepeatLatentBatch',
  displayName: 'Repeat Latent Batch',
  category: 'latent/batch',
  inputs: {
    required: {
      samples: { type: 'LATENT' },
      amount: { type: 'INT', options: { default: 1, min: 1, max: 64 } },
    },
  },
  outputs: [{ type: 'LATENT' }],
}
