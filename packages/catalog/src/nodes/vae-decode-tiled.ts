import type { NodeDefinition } from './node-definition.ts'

/** Decodes latents in tiles. */
export const vaeDecodeTiled: NodeDefinition = {
  className: 'VAEDecodeTiled',
  displayName: 'VAE Decode (Tiled)',
  category: '_for_testing',
  inputs: {
    required: {
      samples: { type: 'LATENT' },
      vae: { type: 'VAE' },
      tile_size: { type: 'INT', options: { default: 512, min: 64, max: 4096, step: 32 } },
      overlap: { type: 'INT', options: { default: 64, min: 0, max: 4096, step: 32 } },
      temporal_size: { type: 'INT', options: { default: 64, min: 8, max: 4096, step: 4, tooltip: '' } },
      temporal_overlap: { type: 'INT', options: { default: 8, min: 4, max: 4096, step: 4, tooltip: '' } },
    },
  },
  outputs: [{ type: 'IMAGE' }],
}
