import type { NodeDefinition } from './node-definition.ts'

/** Saves latents in a file. */
export const saveLatent: NodeDefinition = {
  className: 'SaveLatent',
  displayName: 'SaveLatent',
  category: '_for_testing',
  isOutput: true,
  inputs: {
    required: {
      samples: { type: 'LATENT' },
      filename_prefix: { type: 'STRING', options: { default: 'latents/ComfyUI' } },
    },
    hidden: { prompt: 'PROMPT', extra_pnginfo: 'EXTRA_PNGINFO' },
  },
  outputs: [],
}
