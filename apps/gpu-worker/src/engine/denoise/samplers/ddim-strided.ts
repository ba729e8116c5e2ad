import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'

/**
 * DDIM (Song et al. 2020, arXiv 2010.02502) as Diffusers walks it: each step ends at a sigma of its own, a fixed stride of
 * timesteps below, which is not always where the next begins; what is between stays in the latent, of unit variance.
 */
export function createStridedDdim(endOf: (step: number) => number): Sampler {
  return async (start, run) => {
    const { sigmas } = run
    let x = start
    for (let i = 0; i + 1 < sigmas.length; i += 1) {
      const [sigma, next, end] = [sigmas[i]!, sigmas[i + 1]!, endOf(i)]
      const { latent: clean } = await beginStep(run, i, x)
      const unchanged = Math.sqrt((next ** 2 + 1) / (end ** 2 + 1))
      x = combine([unchanged * (1 - end / sigma), clean], [(unchanged * end) / sigma, x])
    }
    return x
  }
}
