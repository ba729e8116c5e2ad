import type { NodeDefinition } from './node-definition.ts'

/** Stops the text encoders at an earlier layer (clip skip). */
export const clipSetLastLayer: NodeDefinition = {
  className: 'CLIPSetLastLayer',
  displayName: 'CLIP Set Last Layer',
  category: 'conditioning',
  inputs: {
    required: {
      clip: { type: 'CLIP' },
      stop_at_clip_layer: { type: 'INT', options: { default: -1, min: -24, max: -1, step: 1 } },
    },
  },
  outputs: [{ type: 'CLIP' }],
}
