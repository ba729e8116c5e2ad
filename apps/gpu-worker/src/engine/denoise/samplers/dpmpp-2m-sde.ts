import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { byRatio } from './by-ratio.ts'

/** DPM-Solver++(2M) for the stochastic equation (Lu et al. 2022, arXiv 2211.01095), midpoint correction. */
export const dpmpp2mSde: Sampler = byRatio((start, run) => solve(start, run, midpoint))

/** The same with Heun's correction. */
export const dpmpp2mSdeHeun: Sampler = byRatio((start, run) => solve(start, run, heun))

/** Weight of the difference of the last two denoised latents, g = h (1 + eta), r = ratio of the last two steps. */
type Correction = (g: number, r: number) => number

const midpoint: Correction = (g, r) => (-0.5 * Math.expm1(-g)) / r
const heun: Correction = (g, r) => (Math.expm1(-g) / g + 1) / r

async function solve(start: Tensor, run: Parameters<Sampler>[1], correction: Correction): Promise<Tensor> {
  const { sigmas, options } = run
  const eta = options.eta ?? 1
  let x = start
  let previous: { readonly denoised: Tensor; readonly h: number } | undefined
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    if (next === 0) {
      x = denoised
      continue
    }
    const h = Math.log(sigma) - Math.log(next)
    const g = h * (1 + eta)
    x = combine([(next / sigma) * Math.exp(-eta * h), x], [-Math.expm1(-g), denoised])
    if (previous !== undefined) {
      const weight = correction(g, previous.h / h)
      x = combine([1, x], [weight, denoised], [-weight, previous.denoised])
    }
    if (eta > 0) {
      const spread = next * Math.sqrt(-Math.expm1(-2 * eta * h)) * options.sNoise
      x = combine([1, x], [spread, run.noise.between(sigma, next)])
    }
    previous = { denoised, h }
  }
  return x
}
