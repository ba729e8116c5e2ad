import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'

/** DPM-Solver++(2M) with CFG++ (Lu et al. 2022, arXiv 2211.01095; Chung et al. 2024, arXiv 2406.08070). */
export const dpmpp2mCfgPp: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  let previous: Tensor | undefined
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised, unconditional } = await beginStep(run, i, x)
    const ratio = next / sigma
    x = combine([1, denoised], [ratio, x], [-ratio, unconditional])
    if (previous !== undefined && next > 0) {
      const weight = ((1 - ratio) * Math.log(sigma / next)) / (2 * Math.log(sigmas[i - 1]! / sigma))
      x = combine([1, x], [weight, denoised], [-weight, previous])
    }
    previous = unconditional
  }
  return x
}
