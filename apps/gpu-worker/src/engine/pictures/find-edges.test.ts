import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { findEdges } from './find-edges.ts'

describe('findEdges', () => {
  it('takes a picture of one channel for the grey one of three equal channels', () => {
    const [height, width] = [9, 11]
    const plane = Float32Array.from({ length: height * width }, (_, i) =>
      i % width > 5 === i < 40 ? 0.9 : 0.1,
    )
    const grey = findEdges(createTensor([1, 1, height, width], plane), 0.1, 0.3)
    const coloured = createTensor([1, 3, height, width], Float32Array.from([...plane, ...plane, ...plane]))
    expect(grey.shape).toEqual([1, 3, height, width])
    expect([...grey.data]).toEqual([...findEdges(coloured, 0.1, 0.3).data])
    expect(new Set(grey.data)).toEqual(new Set([0, 1]))
  })
})
