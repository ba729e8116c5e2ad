import type { NodeDefinition } from './node-definition.ts'

/** Adds a border to pictures, and a mask of it. */
export const imagePadForOutpaint: NodeDefinition = {
  className: 'ImagePadForOutpaint',
  displayName: 'Pad Image for Outpainting',
  category: 'image',
  inputs: {
    required: {
      image: { type: 'IMAGE' },
      left: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
      top: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
      right: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
      bottom: { type: 'INT', options: { default: 0, min: 0, max: 16384, step: 8 } },
      feathering: { type: 'INT', options: { default: 40, min: 0, max: 16384, step: 1 } },
    },
  },
  outputs: [{ type: 'IMAGE' }, { type: 'MASK' }],
}
