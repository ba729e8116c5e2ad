import type { NodeDefinition } from './node-definition.ts'

/** Joins two batches of pictures. */
export const imageBatch: NodeDefinition = {
  className: 'ImageBatch',
  displayName: 'Batch Images',
  category: 'image',
  inputs: { required: { image1: { type: 'IMAGE' }, image2: { type: 'IMAGE' } } },
  outputs: [{ type: 'IMAGE' }],
}
