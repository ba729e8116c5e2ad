import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { churn } from './churn.ts'
import { follow, slopeOf } from './slope.ts'

/** Heun++ (Mei et al., arXiv 2306.08527's "Heun" with weights by sigma): slopes at this sigma and at the next one or two. */
export const heunpp2: Sampler = async (start, run) => {
  const { sigmas } = run
  const [top, end] = [sigmas[0]!, sigmas.at(-1)!]
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const { latent, sigma } = churn(x, sigmas[i]!, run)
    const [next, afterNext] = [sigmas[i + 1]!, sigmas[i + 2]]
    const { latent: denoised } = await beginStep(run, i, latent, sigma)
    const slope = slopeOf(latent, sigma, denoised)
    const step = next - sigma
    const second = follow(latent, slope, step)
    if (next === end || afterNext === undefined) {
      x = second
      continue
    }
    const secondSlope = slopeOf(second, next, (await run.denoise(second, next)).latent)
    if (afterNext === end) {
      const weight = next / (2 * top)
      x = follow(latent, combine([1 - weight, slope], [weight, secondSlope]), step)
      continue
    }
    const third = follow(second, secondSlope, afterNext - next)
    const thirdSlope = slopeOf(third, afterNext, (await run.denoise(third, afterNext)).latent)
    const [w2, w3] = [next / (3 * top), afterNext / (3 * top)]
    x = follow(latent, combine([1 - w2 - w3, slope], [w2, secondSlope], [w3, thirdSlope]), step)
  }
  return x
}
