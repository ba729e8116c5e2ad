import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { splitAncestral } from './ancestral.ts'

/** DPM-Solver++ of second order for the stochastic equation, one midpoint a step (Lu et al. 2022, arXiv 2211.01095). */
export const dpmppSde: Sampler = async (start, run) => {
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
    const middle = middleSigma(sigma, next)
    const toMiddle = splitAncestral(sigma, middle, eta)
    const halfway = combine(
      [toMiddle.down / sigma, x],
      [1 - toMiddle.down / sigma, denoised],
      [options.sNoise * toMiddle.up, run.noise.between(sigma, middle)],
    )
    const { latent: second } = await run.denoise(halfway, middle)
    const toNext = splitAncestral(sigma, next, eta)
    x = combine(
      [toNext.down / sigma, x],
      [1 - toNext.down / sigma, second],
      [options.sNoise * toNext.up, run.noise.between(sigma, next)],
    )
  }
  return x
}

const f32 = Math.fround

/** Geometric mean by way of f32 logarithms, as the originals compute it: Brownian noise depends on its last digits. */
function middleSigma(sigma: number, next: number): number {
  const [t, tNext] = [f32(-f32(Math.log(sigma))), f32(-f32(Math.log(next)))]
  return f32(Math.exp(-f32(t + f32(f32(tNext - t) / 2))))
}
