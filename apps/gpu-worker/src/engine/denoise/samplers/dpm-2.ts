import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { splitAncestral } from './ancestral.ts'
import { churn } from './churn.ts'
import { raise, splitFlow } from './flow-step.ts'
import { middleOf } from './middle.ts'
import { follow, slopeOf } from './slope.ts'

/** DPM-Solver-2 in the manner of Karras et al. 2022 (midpoint in log sigma; Lu et al. 2022, arXiv 2206.00927). */
export const dpm2: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const churned = churn(x, sigmas[i]!, run)
    const [sigma, next] = [churned.sigma, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, churned.latent, churned.sigma)
    x = await midpointStep(run, { x: churned.latent, denoised, sigma, next })
  }
  return x
}

/** The same with ancestral noise. */
export const dpm2Ancestral: Sampler = async (start, run) => {
  const { sigmas, options } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    const eta = options.eta ?? 1
    if (run.flow !== undefined) {
      const step = splitFlow(sigma, next, eta)
      x = await midpointStep(run, { x, denoised, sigma, next: step.down })
      if (step.down !== 0) x = raise(x, step, run)
      continue
    }
    const { down, up } = splitAncestral(sigma, next, eta)
    x = await midpointStep(run, { x, denoised, sigma, next: down })
    if (down > 0) x = combine([1, x], [options.sNoise * up, run.noise.next()])
  }
  return x
}

interface MidpointStep {
  readonly x: Parameters<Sampler>[0]
  readonly denoised: Parameters<Sampler>[0]
  readonly sigma: number
  readonly next: number
}

async function midpointStep(run: Parameters<Sampler>[1], { x, denoised, sigma, next }: MidpointStep) {
  const slope = slopeOf(x, sigma, denoised)
  if (next === 0) return follow(x, slope, -sigma)
  const middle = middleOf(sigma, next, run.options.flavour)
  const halfway = follow(x, slope, middle - sigma)
  const { latent: second } = await run.denoise(halfway, middle)
  return follow(x, slopeOf(halfway, middle, second), next - sigma)
}
