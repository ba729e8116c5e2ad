import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { splitAncestral } from './ancestral.ts'
import { raise, splitFlow } from './flow-step.ts'
import { middleOf } from './middle.ts'

/** DPM-Solver++(2S) with ancestral noise (Lu et al. 2022, arXiv 2211.01095, algorithm 1). */
export const dpmpp2sAncestral: Sampler = async (start, run) => {
  if (run.flow !== undefined) return dpmpp2sAncestralFlow(start, run)
  const { sigmas, options } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    const { down, up } = splitAncestral(sigma, next, options.eta ?? 1)
    if (down === 0) {
      x = denoised
    } else {
      const middle = middleOf(sigma, down, options.flavour)
      const halfway = combine([middle / sigma, x], [1 - middle / sigma, denoised])
      const { latent: second } = await run.denoise(halfway, middle)
      x = combine([down / sigma, x], [1 - down / sigma, second])
    }
    if (next > 0) x = combine([1, x], [options.sNoise * up, run.noise.next()])
  }
  return x
}

const dpmpp2sAncestralFlow: Sampler = async (start, run) => {
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
    const middle = middleOfFlow(sigma, step.down)
    const halfway = combine([middle / sigma, x], [1 - middle / sigma, denoised])
    const { latent: second } = await run.denoise(halfway, middle)
    x = combine([step.down / sigma, x], [1 - step.down / sigma, second])
    if (eta > 0) x = raise(x, step, run)
  }
  return x
}

/** The middle of a step that begins at pure noise, where there is none by logarithms. */
const BELOW_TOP = 0.9999

/** The sigma halfway between two in the logarithm of picture to noise. */
function middleOfFlow(sigma: number, down: number): number {
  if (sigma === 1) return BELOW_TOP
  const ratio = Math.sqrt((sigma / (1 - sigma)) * (down / (1 - down)))
  return ratio / (1 + ratio)
}
