import { combine } from '../combine.ts'
import { pictureShare } from '../model-sampling.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'

/** Latent consistency models' multistep sampling (Luo et al. 2023, arXiv 2310.04378): denoise, noise again. */
export const lcm: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const { latent: denoised } = await beginStep(run, i, x)
    x = denoised
    const next = sigmas[i + 1]!
    if (next > 0) x = combine([pictureShare(run, next), x], [next, run.noise.next()])
  }
  return x
}
