import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { splitAncestral } from './ancestral.ts'
import { middleOf } from './middle.ts'
import { beginStep } from './begin-step.ts'

/** DPM-Solver++(2S) with ancestral noise and CFG++ (arXiv 2211.01095, algorithm 1; arXiv 2406.08070). */
export const dpmpp2sAncestralCfgPp: Sampler = async (start, run) => {
  const { sigmas, options } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised, unconditional } = await beginStep(run, i, x)
    const { down, up } = splitAncestral(sigma, next, options.eta ?? 1)
    if (down === 0) {
      x = denoised
    } else {
      const middle = middleOf(sigma, down, options.flavour)
      const shifted = combine([1, x], [1, denoised], [-1, unconditional])
      const halfway = combine([middle / sigma, shifted], [1 - middle / sigma, denoised])
      const second = await run.denoise(halfway, middle)
      // The shift of the second update takes the unconditional of the midpoint, as ComfyUI's does.
      const moved = combine([1, x], [1, denoised], [-1, second.unconditional])
      x = combine([down / sigma, moved], [1 - down / sigma, second.latent])
    }
    if (next > 0) x = combine([1, x], [options.sNoise * up, run.noise.next()])
  }
  return x
}
