import type { Tensor } from '../../tensor/tensor.ts'
import { combine, scale } from '../combine.ts'
import { pictureShare } from '../model-sampling.ts'
import type { Sampler } from '../sampler.ts'
import { splitAncestral } from './ancestral.ts'
import { beginStep } from './begin-step.ts'
import { follow, slopeOf } from './slope.ts'

// CFG++ (Chung et al. 2024, arXiv 2406.08070): the noise put back is the unconditional prediction's.

/** Euler's method with CFG++. */
export const eulerCfgPp: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const { latent: denoised, unconditional } = await beginStep(run, i, x)
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const [from, to] = [pictureShare(run, sigma), pictureShare(run, next)]
    x = follow(scaleBy(to, denoised), slopeOf(x, sigma, scaleBy(from, unconditional)), next)
  }
  return x
}

/** Ancestral Euler steps with CFG++. */
export const eulerAncestralCfgPp: Sampler = async (start, run) => {
  const { sigmas, options } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised, unconditional } = await beginStep(run, i, x)
    const [from, to] = [pictureShare(run, sigma), pictureShare(run, next)]
    const { down, up } = splitAncestral(sigma / from, next / to, options.eta ?? 1)
    x = follow(scaleBy(to, denoised), slopeOf(x, sigma, scaleBy(from, unconditional)), to * down)
    if (next > 0) x = combine([1, x], [to * options.sNoise * up, run.noise.next()])
  }
  return x
}

function scaleBy(factor: number, latent: Tensor): Tensor {
  return factor === 1 ? latent : scale(factor, latent)
}

/** Euler's method whose step keeps the guided slope but leaves out the doubled conditional (SamplerEulerCFG++ "alternative"). */
export const eulerCfgPpAlternative: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const { latent: denoised, unconditional } = await beginStep(run, i, x)
    const share = (sigmas[i + 1]! - sigmas[i]!) / sigmas[i]!
    x = combine([1 + share, x], [-2 * share, denoised], [share, unconditional])
  }
  return x
}
