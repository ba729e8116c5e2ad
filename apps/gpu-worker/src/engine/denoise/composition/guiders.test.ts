import { describe, expect, it } from 'vitest'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { createComposedDenoiser, guideBetween, guideByScale, type GuidanceRule } from './guiders.ts'
import type { GuidingEntry } from './guiding-entry.ts'

const one = (value: number) => createTensor([1, 1, 1, 1], Float32Array.of(value))
const join = (rule: GuidanceRule, predictions: readonly number[]) => {
  const { latent, unconditional } = rule.join(predictions.map(one))
  return [latent.data[0], unconditional.data[0]]
}

describe('guidance by scale', () => {
  it('goes from the negative through the positive', () => {
    expect(join(guideByScale(7), [2, 1])).toEqual([8, 1])
    expect(join(guideByScale(0), [2, 1])).toEqual([1, 1])
  })

  it('leaves the negative out at a scale of one, unless the sampler looks at it', () => {
    expect(guideByScale(1).roles(false)).toEqual(['positive'])
    expect(guideByScale(1 + 1e-12).roles(false)).toEqual(['positive'])
    expect(guideByScale(1.0001).roles(false)).toEqual(['positive', 'negative'])
    expect(guideByScale(1).roles(true)).toEqual(['positive', 'negative'])
    expect(join(guideByScale(1), [2])).toEqual([2, 2])
  })
})

describe('guidance between three conditionings', () => {
  it('adds up the regular way: negative to middle, and middle to positive', () => {
    // 1 + 3·(2 - 1) = 4, and 5·(4 - 2) more.
    expect(join(guideBetween({ inner: 5, outer: 3, isNested: false }), [4, 2, 1])).toEqual([14, 1])
  })

  it('nests: middle to positive first, and that away from the negative', () => {
    // 2 + 5·(4 - 2) = 12, then 1 + 3·(12 - 1).
    expect(join(guideBetween({ inner: 5, outer: 3, isNested: true }), [4, 2, 1])).toEqual([34, 2])
  })

  it('asks only for what counts', () => {
    const rolesOf = (inner: number, outer: number, isNested = false) =>
      guideBetween({ inner, outer, isNested }).roles(false)
    expect(rolesOf(1, 1)).toEqual(['positive'])
    expect(rolesOf(2, 1)).toEqual(['positive', 'middle'])
    expect(rolesOf(1, 2)).toEqual(['positive', 'middle', 'negative'])
    expect(rolesOf(1, 1, true)).toEqual(['positive', 'middle', 'negative'])
    expect(join(guideBetween({ inner: 3, outer: 1, isNested: false }), [4, 2])).toEqual([8, 2])
  })
})

describe('a composed denoiser', () => {
  it('predicts zero for a role without conditionings, and counts its calls', async () => {
    const moments: number[] = []
    const denoise = createComposedDenoiser({
      compose: async (lists, { call }) => {
        moments.push(call)
        return lists.map((entries): Tensor => one(entries.length))
      },
      lists: { positive: [{}, {}] as unknown as GuidingEntry[] },
      rule: guideByScale(1),
      needsUnconditional: true,
    })
    const { latent, unconditional } = await denoise(one(9), 1)
    await denoise(one(9), 1)
    expect([latent.data[0], unconditional.data[0], moments.join()]).toEqual([2, 0, '0,1'])
  })
})
