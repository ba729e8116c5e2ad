import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { areFinite, createTensor, hasNaN } from './tensor.ts'

const values = fc.array(fc.float(), { maxLength: 20 }).map((list) => Float32Array.from(list))

describe('createTensor', () => {
  it('refuses data of another size', () => {
    expect(() => createTensor([2, 3], new Float32Array(5))).toThrow(
      'a tensor of shape [2, 3] holds 6 values, got 5',
    )
  })

  it('holds zeros, one for the empty shape', () => {
    expect([...createTensor([2]).data]).toEqual([0, 0])
    expect(createTensor([]).data).toHaveLength(1)
  })
})

describe('checks of values', () => {
  it('find what is no number, as looking at each does', () => {
    fc.assert(
      fc.property(values, (data) => {
        expect(hasNaN(data)).toBe(data.some(Number.isNaN))
      }),
    )
    expect(hasNaN(Float32Array.of(Infinity, -Infinity))).toBe(false)
  })

  it('find what is not finite, as looking at each does', () => {
    fc.assert(
      fc.property(values, (data) => {
        expect(areFinite(data)).toBe(data.every((value) => Number.isFinite(value)))
      }),
    )
    expect(areFinite(Float32Array.of(-3e38, 3e38, -0, 0))).toBe(true)
  })
})
