import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { latentFormatOf, toModelLatent, toVaeLatent } from './latent-format.ts'

const latent = createTensor([2, 4, 1, 1], Float32Array.of(1, 2, 3, 4, -1, -2, -3, -4))

describe('latents between a model and the autoencoder', () => {
  it('are scaled by the family’s factor', () => {
    for (const family of ['sd1', 'sd2'] as const)
      expect(latentFormatOf(family, 'epsilon').factor).toBe(0.18215)
    for (const family of ['sdxl', 'sdxl-refiner'] as const)
      expect(latentFormatOf(family, 'v').factor).toBe(0.13025)
    expect(toModelLatent(latent, latentFormatOf('sdxl', 'epsilon')).data[3]).toBeCloseTo(4 * 0.13025, 6)
  })

  it('have means and deviations of their own in Playground 2.5', () => {
    const scaled = toModelLatent(latent, latentFormatOf('sdxl', 'edm'))
    expect(scaled.data[0]).toBeCloseTo(((1 + 1.6574) * 0.5) / 8.4927, 6)
    expect(scaled.data[7]).toBeCloseTo(((-4 - 2.5155) * 0.5) / 5.2299, 6)
  })

  it.each(['epsilon', 'edm'] as const)('come back as they were: %s', (prediction) => {
    const format = latentFormatOf('sdxl', prediction)
    const back = toVaeLatent(toModelLatent(latent, format), format)
    back.data.forEach((value, i) => expect(value).toBeCloseTo(latent.data[i]!, 5))
  })
})
