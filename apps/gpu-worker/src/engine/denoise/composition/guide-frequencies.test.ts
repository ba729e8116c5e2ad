import { describe, expect, it } from 'vitest'
import { createTensor } from '../../tensor/tensor.ts'
import { maxDifference } from '../../test-kit.ts'
import { keepLow, weighFrequencies } from './guide-frequencies.ts'

const [HEIGHT, WIDTH] = [6, 9]
const plane = (value: (y: number, x: number) => number) =>
  createTensor(
    [1, 1, HEIGHT, WIDTH],
    Float32Array.from({ length: HEIGHT * WIDTH }, (_, i) => value(Math.floor(i / WIDTH), i % WIDTH)),
  )
const wave = (frequencyY: number, frequencyX: number) =>
  plane((y, x) => Math.cos(2 * Math.PI * ((frequencyY * y) / HEIGHT + (frequencyX * x) / WIDTH)))
const noise = plane((y, x) => Math.sin(7 * y + 3 * x * x))

describe('low frequencies', () => {
  it('are a constant and slow waves', () => {
    expect(
      maxDifference(
        keepLow(
          plane(() => 3),
          1,
        ),
        plane(() => 3),
      ),
    ).toBeLessThan(1e-6)
    expect(maxDifference(keepLow(wave(1, 1), 2), wave(1, 1))).toBeLessThan(1e-6)
  })

  it('are not fast waves', () => {
    expect(
      maxDifference(
        keepLow(wave(0, 4), 3),
        plane(() => 0),
      ),
    ).toBeLessThan(1e-6)
    expect(
      maxDifference(
        keepLow(wave(3, 0), 2),
        plane(() => 0),
      ),
    ).toBeLessThan(1e-6)
  })

  it('have the frequency at the limit on the negative side only, which is half of its wave', () => {
    const half = plane((_, x) => Math.cos((4 * Math.PI * x) / WIDTH) / 2)
    expect(maxDifference(keepLow(wave(0, 2), 2), half)).toBeLessThan(1e-6)
  })

  it('equal those of the transform written out', () => {
    const cutoff = 2
    const expected = plane((y, x) => {
      let sum = 0
      for (let v = -cutoff; v < cutoff; v += 1)
        for (let u = -cutoff; u < cutoff; u += 1)
          noise.data.forEach((value, i) => {
            const [dy, dx] = [y - Math.floor(i / WIDTH), x - (i % WIDTH)]
            sum += value * Math.cos(2 * Math.PI * ((v * dy) / HEIGHT + (u * dx) / WIDTH))
          })
      return sum / (HEIGHT * WIDTH)
    })
    expect(maxDifference(keepLow(noise, cutoff), expected)).toBeLessThan(1e-5)
  })
})

describe('guidance weighed by frequency', () => {
  const image = { latent: noise, sigma: 1, scale: 5, conditioned: noise, unconditional: wave(1, 2) }

  it('stays as it is where both weights are one', () => {
    const { conditioned } = weighFrequencies({ low: 1, high: 1, cutoff: 2 }).before!(image, 0)
    expect(maxDifference(conditioned, noise)).toBeLessThan(1e-6)
  })

  it('weighs what is slow by one factor and the rest by the other', () => {
    const step = plane((y, x) => 2 + wave(0, 4).data[y * WIDTH + x]!)
    const seen = { ...image, conditioned: step, unconditional: plane(() => 0) }
    const { conditioned } = weighFrequencies({ low: 3, high: 0.5, cutoff: 1 }).before!(seen, 0)
    const expected = plane((y, x) => 6 + 0.5 * wave(0, 4).data[y * WIDTH + x]!)
    expect(maxDifference(conditioned, expected)).toBeLessThan(1e-5)
  })
})
