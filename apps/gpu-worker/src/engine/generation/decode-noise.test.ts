import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { decodeNoise } from './decode-noise.ts'

const settings = {
  prompt: '',
  negativePrompt: '',
  guidanceScale: 1,
  steps: 3,
  randomness: 0,
  adjustsSigmas: false,
}
const SIGMAS = [0, 1, 4, 10]
const latent = createTensor([1, 4, 1, 2], Float32Array.from([1, -1, 2, 0.5, -2, 0.25, 1.5, -0.5]))
const drawn = createTensor([1, 4, 1, 2], Float32Array.from([0.1, 0.2, -0.3, 0.4, -0.5, 0.6, -0.7, 0.8]))
/** A model whose clean latent is half of what it sees. */
const halve = async (x: typeof latent) => ({
  latent: createTensor(
    x.shape,
    x.data.map((value) => value / 2),
  ),
  unconditional: x,
})
const search = (changes: object = {}) => ({
  ...{ settings: { ...settings, ...changes }, denoise: halve, sigmas: SIGMAS, isStopped: () => false },
})

// Worked by hand from the steps of A1111's img2img alternative test (x grows by (x - x/2) / sigma x step).
describe('noise found backwards', () => {
  it('walks Euler’s steps backwards and is brought to a deviation of one', async () => {
    const noise = await decodeNoise(latent, drawn, search())
    const factor = (1 + 0.5) * (1 + (3 / 4) * 0.5) * (1 + (6 / 10) * 0.5)
    const x = Float64Array.from(latent.data, (value) => value * factor)
    const mean = x.reduce((sum, value) => sum + value, 0) / 8
    const deviation = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 7)
    noise.data.forEach((value, i) => expect(value).toBeCloseTo(x[i]! / deviation - latent.data[i]! / 10, 5))
  })

  it('evaluates at the noise a step begins with and divides by the last sigma where sigmas are adjusted', async () => {
    const noise = await decodeNoise(latent, drawn, search({ adjustsSigmas: true }))
    // The first step begins without noise and changes nothing.
    const factor = (1 + (3 / 1) * 0.5) * (1 + (6 / 4) * 0.5)
    noise.data.forEach((value, i) =>
      expect(value).toBeCloseTo((latent.data[i]! * factor - latent.data[i]!) / 10, 5),
    )
  })

  it('is drawn noise alone at a randomness of one, less what the latent holds', async () => {
    const noise = await decodeNoise(latent, drawn, search({ randomness: 1 }))
    noise.data.forEach((value, i) => expect(value).toBeCloseTo(drawn.data[i]! - latent.data[i]! / 10, 5))
  })

  it('keeps its deviation where found and drawn noise are mixed', async () => {
    const [found, half] = [
      await decodeNoise(latent, drawn, search()),
      await decodeNoise(latent, drawn, search({ randomness: 0.5 })),
    ]
    const length = Math.SQRT1_2
    half.data.forEach((value, i) => {
      const own = found.data[i]! + latent.data[i]! / 10
      expect(value).toBeCloseTo((own * 0.5 + drawn.data[i]! * 0.5) / length - latent.data[i]! / 10, 5)
    })
  })

  it('ends at once where it is stopped', async () => {
    let calls = 0
    const denoise = async (x: typeof latent) => ((calls += 1), halve(x))
    await decodeNoise(latent, drawn, { ...search(), denoise, isStopped: () => calls >= 1 })
    expect(calls).toBe(1)
  })
})
