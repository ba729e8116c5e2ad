import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { churn } from './churn.ts'

/** Euler's method (Karras et al. 2022, algorithm 2, first order). */
export const euler: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const churned = churn(x, sigmas[i]!, run)
    const { latent: denoised } = await run.denoise(churned.latent, churned.sigma)
    await run.onStep({ step: i + 1, totalSteps: sigmas.length - 1, sigma: sigmas[i]!, denoised })
    const ratio = sigmas[i + 1]! / churned.sigma
    x = combine([ratio, churned.latent], [1 - ratio, denoised])
  }
  return x
}
