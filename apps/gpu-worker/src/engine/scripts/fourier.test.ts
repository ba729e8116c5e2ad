import { describe, expect, it } from 'vitest'
import { createField, transformCentred } from './fourier.ts'

describe('transformCentred', () => {
  // numpy: ifftshift(fft2(fftshift(d), norm="ortho")) of 3x4 numbers.
  it('gives NumPy’s numbers for sides that are odd and even', () => {
    const field = createField(3, 4)
    field.real.set([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13])
    const { real, imaginary } = transformCentred(field, { isInverse: false })
    const expected = [
      ...[-0.28867513, 0, 0, 0.28867513, 7.21687836, 4, 0, -0.28867513],
      ...[-0.28867513, 0, 0, 0.28867513, 7.21687836, -4, 0, -0.28867513],
      ...[-2.02072594, 0, 1.73205081, 2.02072594, 22.80533563, 0, 1.73205081, -2.02072594],
    ]
    for (let i = 0; i < 12; i += 1) {
      expect(real[i]).toBeCloseTo(expected[2 * i]!, 7)
      expect(imaginary[i]).toBeCloseTo(expected[2 * i + 1]!, 7)
    }
  })

  it.each([
    [1, 1],
    [5, 7],
    [6, 64],
    [9, 10],
  ])('is undone by its inverse, %i x %i', (rows, columns) => {
    const field = createField(rows, columns)
    for (let i = 0; i < rows * columns; i += 1) {
      field.real[i] = Math.sin(i * 1.7)
      field.imaginary[i] = Math.cos(i * 0.3)
    }
    const back = transformCentred(transformCentred(field, { isInverse: false }), { isInverse: true })
    for (let i = 0; i < rows * columns; i += 1) {
      expect(back.real[i]).toBeCloseTo(field.real[i]!, 10)
      expect(back.imaginary[i]).toBeCloseTo(field.imaginary[i]!, 10)
    }
  })

  it('keeps lengths', () => {
    const field = createField(4, 6)
    field.real.fill(0.5)
    const { real, imaginary } = transformCentred(field, { isInverse: false })
    const length = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0)
    expect(length(real) + length(imaginary)).toBeCloseTo(24 * 0.25, 10)
  })
})
