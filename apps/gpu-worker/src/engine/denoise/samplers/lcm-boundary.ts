import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'

/** Shares of the noisy latent, of unit variance, and of the clean one in a consistency model's answer at a step. */
export type BoundaryShares = (step: number) => { readonly skip: number; readonly out: number }

/**
 * Latent consistency models' multistep sampling with their boundary condition (Luo et al. 2023, arXiv 2310.04378,
 * algorithm 3).
 */
export function createLcmBoundary(sharesAt: BoundaryShares): Sampler {
  return async (start, run) => {
    const { sigmas } = run
    let x = start
    for (let i = 0; i + 1 < sigmas.length; i += 1) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const { latent: clean } = await beginStep(run, i, x)
      const { skip, out } = sharesAt(i)
      x = combine([out, clean], [skip / Math.sqrt(sigma ** 2 + 1), x])
      if (next > 0) x = combine([1, x], [next, run.noise.next()])
    }
    return x
  }
}
