import type { NodeDefinition } from './node-definition.ts'

/** Pastes one latent into another, with a soft edge. */
export const latentComposite: NodeDefinition = {
  className: 'LatentComposite',
  displayName: 'Latent Composite',
  category: 'latent',
  inputs: {
    required: {
      samples_to: { type: 'LATENT' },
      samples_from: { type: 'LATENT' },
      x: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
      y: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
      feather: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
    },
  },
  outputs: [{ type: 'LATENT' }],
}
