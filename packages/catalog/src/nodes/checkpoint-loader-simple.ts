import type { NodeDefinition } from './node-definition.ts'

/** Loads a checkpoint: its denoiser, text encoders and VAE. */
export const checkpointLoaderSimple: NodeDefinition = {
  className: 'CheckpointLoaderSimple',
  displayName: 'Load Checkpoint',
  category: 'loaders',
  inputs: {
    required: {
      ckpt_name: { type: { choicesFrom: 'checkpoints' }, options: { tooltip: '' } },
    },
  },
  outputs: [{ type: 'MODEL' }, { type: 'CLIP' }, { type: 'VAE' }],
  outputTooltips: ['', '', ''],
}
