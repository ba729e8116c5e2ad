import { describe, expect, it } from 'vitest'
import { createTensor } from '../../tensor/tensor.ts'
import { createComfyNoise } from '../noise/sampler-noise.ts'
import type { SamplerRun } from '../sampler.ts'
import { createLcmUpscale } from './lcm-upscale.ts'

describe('SamplerLCMUpscale', () => {
  it('adds the noise that follows the start noise, drawn in the size the latent has by then', async () => {
    const shape = [1, 4, 2, 2]
    const seen: number[][] = []
    const run = {
      sigmas: [2, 1, 1, 0],
      noise: createComfyNoise(7n, shape, { from: 1, to: 2 }),
      denoise: async (latent) => {
        seen.push([...latent.data])
        const nothing = createTensor(latent.shape)
        return { latent: nothing, unconditional: nothing }
      },
      onStep: async () => undefined,
    } as Partial<SamplerRun> as SamplerRun
    const sampler = createLcmUpscale({
      ...{ ratio: 2, steps: 2 },
      resize: (_, { width, height }) => createTensor([1, 4, height, width]),
    })
    await sampler(createTensor(shape), run)
    // torch: manual_seed(7), then randn of 1x4x2x2 (the start noise), 1x4x3x3 and 1x4x4x4.
    expect(seen.map((values) => values.length)).toEqual([16, 36, 64])
    const rounded = [...seen[1]!.slice(0, 3), ...seen[1]!.slice(-2), ...seen[2]!.slice(0, 3)]
    const expected = [
      -1.5826647, -0.32456663, 1.9263681, 1.6120467, 1.5671238, -1.2431897, -1.7177519, -0.58238864,
    ]
    rounded.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5))
  })
})
