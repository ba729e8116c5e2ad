import { describe, expect, it } from 'vitest'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { callNode, NodeValue } from './test-kit/call-node.ts'

const mask = (height: number, width: number, value: number): Tensor =>
  createTensor([1, height, width], new Float32Array(height * width).fill(value))

describe('MaskComposite', () => {
  it.each([
    [3, 1],
    [3, 2],
    [1, 2],
  ])('changes nothing when the source begins at the edge (x %i, y %i)', async (x, y) => {
    const [given] = await callNode('MaskComposite', {
      ...{ destination: new NodeValue(mask(2, 3, 0.25)), source: new NodeValue(mask(2, 3, 1)) },
      ...{ x, y, operation: 'add' },
    })
    expect(given).toEqual(mask(2, 3, 0.25))
  })
})
