import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import type { TokenChunk } from '../token-chunk.ts'

/** Whether a prompt has a weight other than 1, so that the encoding of the empty prompt is needed. */
export function hasWeights(chunks: readonly TokenChunk[]): boolean {
  return chunks.some(({ weights }) => weights.some((weight) => weight !== 1))
}

/**
 * Moves each token's vector away from (weight > 1) or towards (< 1) the empty prompt's at the same place:
 * empty + weight · (hidden − empty). `hidden` is [chunks, 77, width], `empty` [77, width].
 */
export function applyWeights(hidden: Tensor, empty: Float32Array, chunks: readonly TokenChunk[]): Tensor {
  const [, tokenCount = 0, width = 0] = hidden.shape
  const data = Float32Array.from(hidden.data)
  chunks.forEach(({ weights }, chunk) => {
    weights.forEach((weight, token) => {
      if (weight === 1) return
      const start = (chunk * tokenCount + token) * width
      for (let index = 0; index < width; index++) {
        const origin = empty[token * width + index]!
        data[start + index] = (data[start + index]! - origin) * weight + origin
      }
    })
  })
  return createTensor(hidden.shape, data)
}
