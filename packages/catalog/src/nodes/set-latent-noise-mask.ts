import type { NodeDefinition } from './node-definition.ts'

/** Says which part of a latent may change. */
export const setLatentNoiseMask: NodeDefinition = {
  className: 'SetLatentNoiseMask',
  displayName: 'Set Latent Noise Mask',
  category: 'latent/inpaint',
  inputs: { required: { samples: { type: 'LATENT' }, mask: { type: 'MASK' } } },
  outputs: [{ type: 'LATENT' }],
}
