import { describe, expect, it } from 'vitest'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { guideByPlace, limitWhole, rise, riseAndFall } from './guide-batches.ts'
import { createGuide, type GuidePatch } from './guide-patches.ts'

const rows = (count: number, ...values: number[]): Tensor =>
  createTensor([count, values.length, 1, 1], Float32Array.from(Array(count).fill(values).flat() as number[]))

/** What a guidance of 5 makes of a prediction of 3 and one of 4, of length 5, and an unconditional of 0 and 1. */
function guide(patch: GuidePatch, { count = 1, sigma = 2 } = {}): number[] {
  const conditioned = rows(count, 3, 4)
  const guided = createGuide([patch], rows(count, 0, 0), sigma)(rows(count, 0, 1), conditioned, 5)
  return [...guided.data].map((value) => Math.round(value * 1e4) / 1e4)
}

describe('guidance by the place in a batch', () => {
  it('rises from the least to the asked one', () => {
    expect(guide(guideByPlace(1, rise), { count: 3 })).toEqual([3, 4, 9, 10, 15, 16])
  })

  it('has the least for a lone image', () => {
    expect(guide(guideByPlace(2, rise))).toEqual([6, 7])
  })

  it('rises to the middle and falls', () => {
    expect(guide(guideByPlace(1, riseAndFall), { count: 5 })).toEqual([3, 4, 9, 10, 15, 16, 9, 10, 3, 4])
  })
})

describe('guidance within a length', () => {
  it('is brought back to so many times the prediction’s own', () => {
    const [a, b] = guide(limitWhole({ from: 100, limit: 2 })) as [number, number]
    expect(Math.hypot(a, b)).toBeCloseTo(10, 3)
    expect(a / b).toBeCloseTo(15 / 16, 3)
  })

  it('stays as it is where it is shorter, or where the limit is none', () => {
    expect(guide(limitWhole({ from: 100, limit: 9 }))).toEqual([15, 16])
    expect(guide(limitWhole({ from: 100, limit: 0 }))).toEqual([15, 16])
  })

  it('is none at high noise', () => {
    expect(guide(limitWhole({ from: 2, limit: 1 }))).toEqual([3, 4])
  })
})
