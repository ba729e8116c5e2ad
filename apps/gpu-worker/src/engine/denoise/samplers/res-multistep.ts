import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { Sampler, SamplerRun } from '../sampler.ts'
import { splitAncestral } from './ancestral.ts'
import { beginStep } from './begin-step.ts'
import { follow, slopeOf } from './slope.ts'

/** Refined exponential solver, second-order multistep (Zhang et al. 2023, arXiv 2308.02157). */
export const resMultistep: Sampler = (start, run) => solve(start, run, { eta: 0, isCfgPp: false })

/** The same with ancestral noise. */
export const resMultistepAncestral: Sampler = (start, run) =>
  solve(start, run, { eta: run.options.eta ?? 1, isCfgPp: false })

/** The same with CFG++ (Chung et al. 2024, arXiv 2406.08070). */
export const resMultistepCfgPp: Sampler = (start, run) => solve(start, run, { eta: 0, isCfgPp: true })

/** Ancestral noise and CFG++. */
export const resMultistepAncestralCfgPp: Sampler = (start, run) =>
  solve(start, run, { eta: run.options.eta ?? 1, isCfgPp: true })

interface Variant {
  readonly eta: number
  readonly isCfgPp: boolean
}

async function solve(start: Tensor, run: SamplerRun, { eta, isCfgPp }: Variant): Promise<Tensor> {
  const { sigmas, options } = run
  let x = start
  let previous: { readonly base: Tensor; readonly down: number } | undefined
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised, unconditional } = await beginStep(run, i, x)
    const { down, up } = splitAncestral(sigma, next, eta)
    const base = isCfgPp ? unconditional : denoised
    if (down === 0 || previous === undefined) {
      const slope = slopeOf(x, sigma, base)
      x = isCfgPp ? follow(denoised, slope, down) : follow(x, slope, down - sigma)
    } else {
      const h = Math.log(sigma / down)
      const c2 = Math.log(previous.down / sigmas[i - 1]!) / h
      const { now, before } = weights(h, c2)
      const shifted = isCfgPp ? combine([1, x], [1, denoised], [-1, unconditional]) : x
      x = combine([Math.exp(-h), shifted], [h * now, base], [h * before, previous.base])
    }
    if (next > 0 && up > 0) x = combine([1, x], [options.sNoise * up, run.noise.next()])
    previous = { base, down }
  }
  return x
}

/** Weights of the present and the previous clean latent; zero where they are undefined. */
function weights(h: number, c2: number): { now: number; before: number } {
  const phi1 = Math.expm1(-h) / -h
  const phi2 = (phi1 - 1) / -h
  const orZero = (value: number) => (Number.isNaN(value) ? 0 : value)
  return { now: orZero(phi1 - phi2 / c2), before: orZero(phi2 / c2) }
}
