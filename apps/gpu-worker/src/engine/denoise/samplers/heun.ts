import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { churn } from './churn.ts'

/** Heun's method (Karras et al. 2022, algorithm 2). */
export const heun: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const churned = churn(x, sigmas[i]!, run)
    const [sigma, next] = [churned.sigma, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, churned.latent, churned.sigma)
    const slope = combine([1 / sigma, churned.latent], [-1 / sigma, denoised])
    const euler = combine([1, churned.latent], [next - sigma, slope])
    if (next === 0) {
      x = euler
      continue
    }
    const { latent: second } = await run.denoise(euler, next)
    const nextSlope = combine([1 / next, euler], [-1 / next, second])
    x = combine([1, churned.latent], [(next - sigma) / 2, slope], [(next - sigma) / 2, nextSlope])
  }
  return x
}
