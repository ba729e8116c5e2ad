import type { NodeDefinition } from './node-definition.ts'

/** Reads one channel of a picture of the input folder as a mask. */
export const loadImageMask: NodeDefinition = {
  className: 'LoadImageMask',
  displayName: 'Load Image (as Mask)',
  category: 'mask',
  inputs: {
    required: {
      image: { type: { choicesFrom: 'input-files' }, options: { image_upload: true } },
      channel: { type: { choices: ['alpha', 'red', 'green', 'blue'] } },
    },
  },
  outputs: [{ type: 'MASK' }],
  checks: { image: 'file-exists' },
}
