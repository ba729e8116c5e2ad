import type { NodeDefinition } from './node-definition.ts'

/** Reads a picture and its alpha (as a mask) from the input folder. */
export const loadImage: NodeDefinition = {
  className: 'LoadImage',
  displayName: 'Load Image',
  category: 'image',
  inputs: {
    required: {
      image: { type: { choicesFrom: 'input-images' }, options: { image_upload: true } },
    },
  },
  outputs: [{ type: 'IMAGE' }, { type: 'MASK' }],
  checks: { image: 'file-exists' },
}
