import { describe, expect, it } from 'vitest'
import { createTensor } from '../../tensor/tensor.ts'
import type { SamplerOptions, SamplerRun } from '../sampler.ts'
import { splitAncestral } from './ancestral.ts'
import { eulerAncestral } from './euler-ancestral.ts'

const start = createTensor([1, 1, 1, 2], Float32Array.of(4, -2))

/** A denoiser that halves, and noise of ones. */
async function sample(eta: number, flavour: SamplerOptions['flavour']) {
  const run = {
    sigmas: [10, 6, 3, 0.5],
    options: { eta, flavour, sNoise: 1, sChurn: 0, sTmin: 0, sTmax: Infinity },
    noise: { next: () => createTensor(start.shape, Float32Array.of(1, 1)) },
    denoise: async (latent) => {
      const half = createTensor(
        latent.shape,
        latent.data.map((value) => value / 2),
      )
      return { latent: half, unconditional: half }
    },
    onStep: async () => undefined,
  } as Omit<Partial<SamplerRun>, 'noise'> as SamplerRun
  return [...(await eulerAncestral(start, run)).data]
}

describe('ancestral Euler steps', () => {
  // Expected values: ComfyUI 0.3.64's sample_euler_ancestral; k-diffusion's by hand.
  it.each([
    ['comfy', 1, [4.2434068, 2.9329903]],
    ['comfy', 1.7, [0.5, -0.25]],
    ['webui', 1.7, [4, 3.25]],
  ] as const)('of %s with eta %f give %j', async (flavour, eta, expected) => {
    const given = await sample(eta, flavour)
    given.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5))
  })
})

describe('a step towards more noise', () => {
  it.each([
    [1.5, 2],
    [0, 2],
  ])('from %f to %f is noise of that level alone', (sigma, next) => {
    expect(splitAncestral(sigma, next, 1)).toEqual({ down: 0, up: 2 })
    expect(splitAncestral(sigma, next, 0)).toEqual({ down: 2, up: 0 })
  })
})
