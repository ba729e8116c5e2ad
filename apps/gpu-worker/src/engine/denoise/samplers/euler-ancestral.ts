import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { raise, splitFlow } from './flow-step.ts'
import { follow, slopeOf } from './slope.ts'
import { splitAncestral } from './ancestral.ts'

/** Euler steps with ancestral noise (k-diffusion; Song et al. 2020, arXiv 2010.02502, with variance put back). */
export const eulerAncestral: Sampler = async (start, run) => {
  if (run.flow !== undefined) return eulerAncestralFlow(start, run)
  const { sigmas, options } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    const { down, up } = splitAncestral(sigma, next, options.eta ?? 1)
    // Where all of the next sigma would be noise (eta above 1), ComfyUI adds none.
    if (down === 0 && options.flavour === 'comfy') {
      x = denoised
      continue
    }
    x = follow(x, slopeOf(x, sigma, denoised), down - sigma)
    if (next > 0) x = combine([1, x], [options.sNoise * up, run.noise.next()])
  }
  return x
}

const eulerAncestralFlow: Sampler = async (start, run) => {
  const { sigmas, options } = run
  const eta = options.eta ?? 1
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    if (next === 0) {
      x = denoised
      continue
    }
    const step = splitFlow(sigma, next, eta)
    x = combine([step.down / sigma, x], [1 - step.down / sigma, denoised])
    if (eta > 0) x = raise(x, step, run)
  }
  return x
}
