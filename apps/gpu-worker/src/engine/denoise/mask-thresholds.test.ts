import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { createThresholdMask } from './mask-thresholds.ts'
import { createModelSampling } from './model-sampling.ts'

const model = createModelSampling()
const mask = createTensor([1, 1, 1, 5], Float32Array.of(0, 0.25, 0.5, 0.75, 1))
const sigmas = [model.sigmas[999]!, model.sigmas[500]!, 0]
const at = (share: number, timestep: number) => [
  ...createThresholdMask(mask, { sigmas, model, share })(model.sigmas[timestep]!).data,
]

describe('a soft mask by thresholds', () => {
  it('draws only what is wholly masked at first, and everything masked at last', () => {
    expect(at(1, 999)).toEqual([0, 0, 0, 0, 1])
    expect(at(1, 700)).toEqual([0, 0, 0, 1, 1])
    expect(at(1, 400)).toEqual([0, 0, 1, 1, 1])
    expect(at(1, 0)).toEqual([1, 1, 1, 1, 1])
  })

  it('keeps some of the soft mask at shares below one; none means all', () => {
    expect(at(0.5, 999)).toEqual([0, 0.125, 0.25, 0.375, 1])
    expect(at(0, 999)).toEqual(at(1, 999))
  })
})
