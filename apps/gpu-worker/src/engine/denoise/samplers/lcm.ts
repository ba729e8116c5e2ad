import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'

/** Latent consistency models' multistep sampling (Luo et al. 2023, arXiv 2310.04378): denoise, noise again. */
export const lcm: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const { latent: denoised } = await beginStep(run, i, x)
    x = denoised
    if (sigmas[i + 1]! > 0) x = combine([1, x], [sigmas[i + 1]!, run.noise.next()])
  }
  return x
}
