import { describe, expect, it } from 'vitest'
import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import { scale } from '../combine.ts'
import {
  createGuide,
  fitUnconditional,
  leapToPrompt,
  limitLength,
  rescaleContrast,
  scaleNoise,
  type GuidePatch,
} from './guide-patches.ts'
import { dampTangents, projectAdaptively } from './guide-projections.ts'
import { guideLinearly, guidePerpendicularly } from './guiders.ts'

// Expected values are the formulas of the papers named in the code, worked out for small vectors.
const vector = (...values: number[]): Tensor =>
  createTensor([1, values.length, 1, 1], Float32Array.from(values))
const X = vector(1, 2, 3, 4)
const C = vector(0.5, -1, 2, 0)
const U = vector(1, 1, -1, 0.5)
const SIGMA = 2
const guide = (patches: readonly GuidePatch[], guidance = 3, [u, c] = [U as Tensor | undefined, C]) => [
  ...createGuide(patches, X, SIGMA)(u, c, guidance).data,
]
const linear = (guidance = 3) => [...guideLinearly(U, C, guidance).data]
const expectClose = (actual: readonly number[], expected: readonly number[]) =>
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 4))
const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0)

describe('a guide', () => {
  it('is linear without changes, and the prompt’s own prediction without an unconditional', () => {
    expectClose(guide([]), linear())
    expectClose(guide([], 1, [undefined, C]), [...C.data])
  })

  it('takes the last change that replaces it and all that follow', () => {
    const always = (value: number): GuidePatch => ({ instead: () => vector(value, value, value, value) })
    const twice: GuidePatch = { after: (guided) => scale(2, guided) }
    expectClose(guide([always(1), twice, always(5), twice]), [20, 20, 20, 20])
  })

  it('changes each image of a batch by itself', () => {
    const twoOf = (a: Tensor, b: Tensor) => createTensor([2, 4, 1, 1], Float32Array.of(...a.data, ...b.data))
    const both = createGuide([rescaleContrast(0.7)], twoOf(X, C), SIGMA)(twoOf(U, C), twoOf(C, X), 3)
    const first = createGuide([rescaleContrast(0.7)], X, SIGMA)(U, C, 3)
    expectClose([...both.data.subarray(0, 4)], [...first.data])
  })
})

describe('RescaleCFG', () => {
  it('is the linear rule at a share of zero', () => {
    expectClose(guide([rescaleContrast(0)]), linear())
  })

  it('has the deviation of the prompt’s own velocity at a share of one', () => {
    const velocity = (clean: readonly number[]) =>
      clean.map((value, i) => ((X.data[i]! / (SIGMA ** 2 + 1) - value) * Math.sqrt(SIGMA ** 2 + 1)) / SIGMA)
    const deviation = (values: readonly number[]) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length
      return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    }
    expect(deviation(velocity(guide([rescaleContrast(1)])))).toBeCloseTo(deviation(velocity([...C.data])), 4)
  })
})

describe('changes of what was guided', () => {
  it('scale the noise (Epsilon Scaling)', () => {
    expectClose(
      guide([scaleNoise(2)]),
      linear().map((value, i) => X.data[i]! - (X.data[i]! - value) / 2),
    )
    expectClose(guide([scaleNoise(1)]), linear())
  })

  it('fit the unconditional (CFG-Zero*)', () => {
    const [c, u] = [C, U].map(({ data }) => [...X.data].map((value, i) => value - data[i]!)) as [
      number[],
      number[],
    ]
    const fit = dot(c, u) / dot(u, u)
    expectClose(
      guide([fitUnconditional()]),
      linear().map((value, i) => value + U.data[i]! * (fit - 1) + 3 * U.data[i]! * (1 - fit)),
    )
  })

  it('are nowhere longer than the prompt’s own (CFGNorm)', () => {
    const guided = guide([limitLength(1)])
    expect(Math.hypot(...guided)).toBeCloseTo(Math.hypot(...C.data), 4)
    // Shorter ones stay.
    expectClose(
      guide([limitLength(2)], 0.5),
      linear(0.5).map((value) => 2 * value),
    )
  })

  it('lean to the prompt the more, the less the guided looks like the unconditional (Mahiro)', () => {
    // A cosine of one leaves the guided, one of minus one the scaled prompt.
    expectClose(guide([leapToPrompt()], 1, [C, C]), [...C.data])
    const opposite = vector(-0.5, 1, -2, 0)
    const merged = createGuide([leapToPrompt()], X, SIGMA)(opposite, C, 1)
    expectClose([...merged.data], [...C.data])
  })
})

describe('changes of the predictions', () => {
  it('project along the prompt’s own (APG): with eta 1, no limit and no momentum one step more', () => {
    const projection = projectAdaptively({ eta: 1, longest: 0, momentum: 0 })
    const conditioned = C.data.map((value, i) => value + (value - U.data[i]!) / 3)
    expectClose(guide([projection]), [...guideLinearly(U, createTensor(C.shape, conditioned), 3).data])
  })

  it('drop what lies along it at eta 0, and shorten steps', () => {
    const image = { latent: X, sigma: SIGMA, conditioned: C, unconditional: U, scale: 2 }
    const changedOf = (longest: number) => {
      const { conditioned } = projectAdaptively({ eta: 0, longest, momentum: 0 }).before!(image, 0)
      return conditioned.data.map((value, i) => value - U.data[i]! - (C.data[i]! - U.data[i]!) / 2)
    }
    expect(dot([...changedOf(0)], [...C.data])).toBeCloseTo(0, 4)
    expect(Math.hypot(...changedOf(0.1))).toBeLessThan(0.1)
  })

  it('remember steps while sigmas fall, image by image', () => {
    const patch = projectAdaptively({ eta: 1, longest: 0, momentum: 0.5 })
    const at = (sigma: number, index: number) =>
      patch.before!({ latent: X, sigma, conditioned: C, unconditional: U, scale: 1 }, index).conditioned
        .data[0]!
    const [step, first] = [0.5 - 1, at(3, 0)]
    expect(first).toBeCloseTo(1 + 2 * step, 5)
    expect(at(2, 0)).toBeCloseTo(1 + step + 1.5 * step, 5)
    expect(at(2, 1)).toBeCloseTo(first, 5)
    // A higher sigma is another run.
    expect(at(3, 0)).toBeCloseTo(first, 5)
  })

  it('keep of the unconditional’s noise what both share most (TCFG)', () => {
    const patch = dampTangents()
    const noiseOf = (conditioned: Tensor, unconditional: Tensor) => {
      const latent = vector(0, 0)
      const changed = patch.before!({ latent, sigma: 1, conditioned, unconditional, scale: 1 }, 0)
      return [...changed.unconditional.data].map((value) => -value)
    }
    // The larger of two orthogonal noises is the shared direction.
    expectClose(noiseOf(vector(-4, 0), vector(0, -1)), [0, 0])
    expectClose(noiseOf(vector(-1, 0), vector(0, -4)), [0, 4])
    // Equal ones stay.
    expectClose(noiseOf(vector(-1, -2), vector(-1, -2)), [1, 2])
    // (1, 0) and (1, 1): the first right singular vector is (0.8507, 0.5257).
    expectClose(noiseOf(vector(-1, 0), vector(-1, -1)), [1.17082, 0.72361])
  })
})

describe('guidance across the positive', () => {
  it('ignores a negative that points along the positive', () => {
    const rule = guidePerpendicularly(3, 1)
    const [positive, negative, empty] = [vector(2, 0), vector(5, 0), vector(0, 0)]
    expectClose([...rule.join([positive, negative, empty]).latent.data], [6, 0])
  })

  it('goes away from what is across', () => {
    const rule = guidePerpendicularly(3, 0.5)
    const [positive, negative, empty] = [vector(2, 0), vector(5, 4), vector(0, 0)]
    expectClose([...rule.join([positive, negative, empty]).latent.data], [6, -6])
    expect(rule.roles(false)).toEqual(['positive', 'negative', 'empty'])
  })
})
