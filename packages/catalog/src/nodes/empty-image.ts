import type { NodeDefinition } from './node-definition.ts'

/** Pictures of one colour. */
export const emptyImage: NodeDefinition = {
  className: 'EmptyImage',
  displayName: 'EmptyImage',
  category: 'image',
  inputs: {
    required: {
      width: { type: 'INT', options: { default: 512, min: 1, max: 16384, step: 1 } },
      height: { type: 'INT', options: { default: 512, min: 1, max: 16384, step: 1 } },
      batch_size: { type: 'INT', options: { default: 1, min: 1, max: 4096 } },
      color: { type: 'INT', options: { default: 0, min: 0, max: 16777215, step: 1, display: 'color' } },
    },
  },
  outputs: [{ type: 'IMAGE' }],
}
