import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { Sampler, SamplerRun } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { follow, slopeOf } from './slope.ts'

/** How far the slope is carried on beyond its last change. */
const GAMMA = 2

/** Gradient estimation (Permenter & Yuan 2023, arXiv 2306.04848). */
export const gradientEstimation: Sampler = (start, run) => solve(start, run, false)

/** The same with CFG++ (Chung et al. 2024, arXiv 2406.08070). */
export const gradientEstimationCfgPp: Sampler = (start, run) => solve(start, run, true)

async function solve(start: Tensor, run: SamplerRun, isCfgPp: boolean): Promise<Tensor> {
  const { sigmas } = run
  let x = start
  let previous: Tensor | undefined
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised, unconditional } = await beginStep(run, i, x)
    if (next === 0) return denoised
    const slope = slopeOf(x, sigma, isCfgPp ? unconditional : denoised)
    x = isCfgPp ? follow(denoised, slope, next) : follow(x, slope, next - sigma)
    if (previous !== undefined) {
      const carried = combine([GAMMA - 1, slope], [1 - GAMMA, previous])
      x = follow(x, carried, next - sigma)
    }
    previous = slope
  }
  return x
}
