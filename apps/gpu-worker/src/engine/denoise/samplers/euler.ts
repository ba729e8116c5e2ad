import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { churn } from './churn.ts'
import { follow, slopeOf } from './slope.ts'

/** Euler's method (Karras et al. 2022, algorithm 2, first order). */
export const euler: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const churned = churn(x, sigmas[i]!, run)
    const { latent: denoised } = await beginStep(run, i, churned.latent, churned.sigma)
    x = follow(
      churned.latent,
      slopeOf(churned.latent, churned.sigma, denoised),
      sigmas[i + 1]! - churned.sigma,
    )
  }
  return x
}
