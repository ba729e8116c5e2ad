import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { callNode, NodeValue } from './test-kit/call-node.ts'

describe('pictures with an alpha, or of one channel', () => {
  it.each([1, 4])(
    '%d channels are not quantized and not taken apart, as in the original',
    async (channels) => {
      const image = new NodeValue(createTensor([1, 2, 2, channels]))
      const quantized = callNode('ImageQuantize', { image, colors: 4, dither: 'none' })
      await expect(quantized).rejects.toThrow('Invalid mode for data type')
      await expect(callNode('ImageRGBToYUV', { image })).rejects.toThrow('Input size must have a shape')
    },
  )
})
