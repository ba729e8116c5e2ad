import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { churn } from './churn.ts'
import { follow, slopeOf } from './slope.ts'

/** Heun's method (Karras et al. 2022, algorithm 2). */
export const heun: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const churned = churn(x, sigmas[i]!, run)
    const [sigma, next] = [churned.sigma, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, churned.latent, churned.sigma)
    const slope = slopeOf(churned.latent, sigma, denoised)
    const euler = follow(churned.latent, slope, next - sigma)
    if (next === 0) {
      x = euler
      continue
    }
    const { latent: second } = await run.denoise(euler, next)
    const mean = combine([0.5, slope], [0.5, slopeOf(euler, next, second)])
    x = follow(churned.latent, mean, next - sigma)
  }
  return x
}
