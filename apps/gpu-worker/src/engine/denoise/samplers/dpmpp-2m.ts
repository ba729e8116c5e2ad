import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'

/** DPM-Solver++(2M), multistep (Lu et al. 2022, arXiv 2211.01095, algorithm 2). */
export const dpmpp2m: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  let previous: Tensor | undefined
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    const h = Math.log(sigma) - Math.log(next)
    const fromDenoised = -Math.expm1(-h)
    if (previous === undefined || next === 0) {
      x = combine([next / sigma, x], [fromDenoised, denoised])
    } else {
      const r = (Math.log(sigmas[i - 1]!) - Math.log(sigma)) / h
      x = combine(
        [next / sigma, x],
        [fromDenoised * (1 + 1 / (2 * r)), denoised],
        [-fromDenoised / (2 * r), previous],
      )
    }
    previous = denoised
  }
  return x
}
