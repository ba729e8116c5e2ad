import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { extendTokens, joinTokens, joinWidths, selectConditioning, takeRow, toZeros } from './conditioning.ts'

const tensor = (shape: readonly number[], ...values: number[]) =>
  createTensor(shape, Float32Array.from(values))
const scheduled = (endAtStep: number, ...values: number[]) => ({
  endAtStep,
  conditioning: { tokens: tensor([1, values.length, 1], ...values) },
})

describe('selectConditioning', () => {
  const long = { weight: 1, schedule: [scheduled(2, 1, 2, 3), scheduled(4, 4)] }
  const short = { weight: -0.5, schedule: [scheduled(4, 7)] }

  it('picks each part by the call and repeats the last vector of shorter ones', () => {
    const [image] = selectConditioning([[long, short]], 0)
    expect(image?.map(({ weight, conditioning }) => [weight, ...conditioning.tokens.data])).toEqual([
      [1, 1, 2, 3],
      [-0.5, 7, 7, 7],
    ])
  })

  it('keeps them short where all of the call are', () => {
    const [image] = selectConditioning([[long, short]], 3)
    expect(image?.map(({ conditioning }) => [...conditioning.tokens.data])).toEqual([[4], [7]])
  })

  it('makes the images of a batch equally long', () => {
    const images = selectConditioning([[long], [short]], 1)
    expect(images.flat().map(({ conditioning }) => conditioning.tokens.shape)).toEqual([
      [1, 3, 1],
      [1, 3, 1],
    ])
  })

  it('gives nothing for no images', () => {
    expect(selectConditioning([], 0)).toEqual([])
  })
})

describe('tensors of tokens', () => {
  it('extend every row', () => {
    expect(Array.from(extendTokens(tensor([2, 1, 2], 1, 2, 3, 4), 2).data)).toEqual([1, 2, 1, 2, 3, 4, 3, 4])
  })

  it('are not copied when long enough', () => {
    const tokens = tensor([1, 2, 1], 1, 2)
    expect(extendTokens(tokens, 2)).toBe(tokens)
  })

  it('join along the tokens, row by row', () => {
    const joined = joinTokens([tensor([2, 1, 1], 1, 2), tensor([2, 2, 1], 3, 4, 5, 6)])
    expect(joined.shape).toEqual([2, 3, 1])
    expect(Array.from(joined.data)).toEqual([1, 3, 4, 2, 5, 6])
  })

  it('join along the width over the tokens that both have', () => {
    const joined = joinWidths([tensor([1, 2, 1], 1, 2), tensor([1, 1, 2], 3, 4)])
    expect(joined.shape).toEqual([1, 1, 3])
    expect(Array.from(joined.data)).toEqual([1, 3, 4])
  })

  it('give single rows', () => {
    expect(takeRow(tensor([2, 2], 1, 2, 3, 4), 1)).toEqual(tensor([1, 2], 3, 4))
  })

  it('become zeros with their shapes', () => {
    const zeros = toZeros({ tokens: tensor([1, 2, 1], 1, 2), pooled: tensor([1, 1], 3) })
    expect(zeros).toEqual({ tokens: tensor([1, 2, 1], 0, 0), pooled: tensor([1, 1], 0) })
    expect(toZeros({ tokens: tensor([1, 1, 1], 1) }).pooled).toBeUndefined()
  })
})
