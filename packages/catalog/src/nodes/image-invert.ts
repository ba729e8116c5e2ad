import type { NodeDefinition } from './node-definition.ts'

/** Inverts pictures. */
export const imageInvert: NodeDefinition = {
  className: 'ImageInvert',
  displayName: 'Invert Image',
  category: 'image',
  inputs: {
    required: {
      image: { type: 'IMAGE' },
    },
  },
  outputs: [{ type: 'IMAGE' }],
}
