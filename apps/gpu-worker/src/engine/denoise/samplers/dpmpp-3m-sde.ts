import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { byRatio } from './by-ratio.ts'

interface Past {
  readonly denoised: Tensor
  readonly h: number
}

/** DPM-Solver++(3M) for the stochastic equation (k-diffusion, after Lu et al. 2022, arXiv 2211.01095). */
export const dpmpp3mSde: Sampler = byRatio(async (start, run) => {
  const { sigmas, options } = run
  const eta = options.eta ?? 1
  let x = start
  let [last, beforeLast]: (Past | undefined)[] = []
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    if (next === 0) {
      x = denoised
      continue
    }
    const h = Math.log(sigma) - Math.log(next)
    const g = h * (1 + eta)
    x = combine([Math.exp(-g), x], [-Math.expm1(-g), denoised])
    x = combine([1, x], ...corrections(g, { denoised, h }, last, beforeLast))
    if (eta > 0) {
      const spread = next * Math.sqrt(-Math.expm1(-2 * h * eta)) * options.sNoise
      x = combine([1, x], [spread, run.noise.between(sigma, next)])
    }
    ;[last, beforeLast] = [{ denoised, h }, last]
  }
  return x
})

/** First and second divided differences of the denoised latents, with their weights. */
function corrections(g: number, now: Past, last?: Past, beforeLast?: Past): [number, Tensor][] {
  if (last === undefined) return []
  const phi2 = Math.expm1(-g) / g + 1
  const r0 = last.h / now.h
  if (beforeLast === undefined) {
    return [
      [phi2 / r0, now.denoised],
      [-phi2 / r0, last.denoised],
    ]
  }
  const phi3 = phi2 / g - 0.5
  const r1 = beforeLast.h / now.h
  const first = combine([1 / r0, now.denoised], [-1 / r0, last.denoised])
  const second = combine([1 / r1, last.denoised], [-1 / r1, beforeLast.denoised])
  const share = r0 / (r0 + r1)
  return [
    [phi2 * (1 + share) - phi3 / (r0 + r1), first],
    [-phi2 * share + phi3 / (r0 + r1), second],
  ]
}
