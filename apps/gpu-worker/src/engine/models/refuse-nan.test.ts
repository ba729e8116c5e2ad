import { describe, expect, it } from 'vitest'
import { EngineError } from '../engine-error.ts'
import { createTensor } from '../tensor/tensor.ts'
import { refuseNaN } from './refuse-nan.ts'

const tensor = (...values: number[]) => createTensor([values.length], Float32Array.from(values))

describe('a network’s answer', () => {
  it('passes where it is numbers', () => {
    const output = tensor(1, -2, 0)
    expect(refuseNaN(output, 'Unet', [tensor(1)])).toBe(output)
  })

  it('is refused, in A1111’s words, where one is none', () => {
    const refuse = () => refuseNaN(tensor(1, NaN), 'VAE', [tensor(1), tensor(2)])
    expect(refuse).toThrow(EngineError)
    expect(refuse).toThrow('A tensor with NaNs was produced in VAE.')
    try {
      refuse()
    } catch (error) {
      expect(error).toMatchObject({ code: 'not-a-number', exceptionType: 'NansException' })
    }
  })

  it.each([[NaN], [Infinity], [-Infinity]])('passes where the network was given %d', (value) => {
    const output = tensor(NaN)
    expect(refuseNaN(output, 'Unet', [tensor(1), tensor(value)])).toBe(output)
  })
})
