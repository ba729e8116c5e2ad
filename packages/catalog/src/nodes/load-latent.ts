import type { NodeDefinition } from './node-definition.ts'

/** Reads latents from a file of the input folder. */
export const loadLatent: NodeDefinition = {
  className: 'LoadLatent',
  displayName: 'LoadLatent',
  category: '_for_testing',
  inputs: { required: { latent: { type: { choicesFrom: 'input-latents' } } } },
  outputs: [{ type: 'LATENT' }],
  checks: { latent: 'latent-exists' },
}
