import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { fitBatch } from './fit-batch.ts'

const batch = (count: number) =>
  createTensor(
    [count, 1],
    Float32Array.from({ length: count }, (_, i) => i),
  )

describe('fitBatch', () => {
  // Expected rows: ComfyUI's resize_to_batch_size, worked out by hand.
  it.each([
    [3, 3, [0, 1, 2]],
    [5, 1, [0]],
    [5, 3, [0, 2, 4]],
    [4, 3, [0, 2, 3]],
    [2, 4, [0, 0, 1, 1]],
    [3, 4, [0, 1, 1, 2]],
    [1, 3, [0, 0, 0]],
  ])('brings %d items to %d', (from, to, rows) => {
    expect([...fitBatch(batch(from), to).data]).toEqual(rows)
  })
})
