import { describe, expect, it } from 'vitest'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { blend, createKeepingDenoiser, fitMask, spreadMask } from './keep-latent.ts'

const tensor = (...values: number[]) => createTensor([1, 1, 1, values.length], Float32Array.from(values))

describe('createKeepingDenoiser', () => {
  const seen: Tensor[] = []
  const denoise = async (latent: Tensor) => {
    seen.push(latent)
    return { latent: tensor(5, 5, 5), unconditional: tensor(6, 6, 6) }
  }
  const kept = {
    mask: tensor(1, 0, 0.5),
    source: tensor(1, 1, 1),
    noisedAt: (sigma: number) => tensor(1 + sigma, 1 + sigma, 1 + sigma),
  }

  it('shows the network the noised source outside the mask and answers with the source there', async () => {
    const denoised = await createKeepingDenoiser(denoise, kept)(tensor(10, 10, 10), 3)
    expect([...seen.at(-1)!.data]).toEqual([10, 4, 7])
    expect([...denoised.latent.data]).toEqual([5, 1, 3])
    expect([...denoised.unconditional.data]).toEqual([6, 6, 6])
  })

  it('keeps the blended latent’s noise for samplers that go by the noise', async () => {
    const latent = tensor(10, 10, 10)
    const denoised = await createKeepingDenoiser(denoise, { ...kept, keepsNoise: true })(latent, 3)
    const noise = denoised.latent.data.map((clean, i) => latent.data[i]! - clean)
    const expected = [10 - 5, 4 - 1, 7 - 3]
    expect([...noise]).toEqual(expected)
  })
})

describe('blend', () => {
  it('takes the first where the mask is 1 and the second where it is 0', () => {
    expect([...blend(tensor(1, 1), tensor(2, 2), tensor(1, 0)).data]).toEqual([1, 2])
  })
})

describe('spreadMask', () => {
  it('repeats a mask over channels and images', () => {
    const mask = createTensor([2, 1, 1, 2], Float32Array.of(1, 0, 0.5, 0.25))
    const spread = spreadMask(mask, [3, 2, 1, 2])
    expect(spread.shape).toEqual([3, 2, 1, 2])
    expect([...spread.data]).toEqual([1, 0, 1, 0, 0.5, 0.25, 0.5, 0.25, 1, 0, 1, 0])
  })

  it('refuses a mask of another size', () => {
    expect(() => spreadMask(createTensor([1, 1, 2, 2]), [1, 4, 4, 4])).toThrow('a mask of 2x2 does not fit')
  })
})

describe('fitMask', () => {
  it('brings a mask of pixels to the latent by interpolation, whatever its shape', () => {
    const pixels = Float32Array.of(1, 1, 0, 0, 1, 1, 0, 0)
    const flat = fitMask(createTensor([1, 2, 4], pixels), [1, 2, 1, 2])
    expect([...flat.data]).toEqual([1, 0, 1, 0])
    expect(fitMask(createTensor([1, 1, 2, 4], pixels), [1, 2, 1, 2])).toEqual(flat)
  })
})
