import type { Tensor } from '../../tensor/tensor.ts'
import { combine, type Term } from '../combine.ts'
import type { Sampler, SamplerRun } from '../sampler.ts'
import { blendSlopes } from './adams-bashforth.ts'
import { beginStep } from './begin-step.ts'
import { follow, slopeOf } from './slope.ts'

const ORDER = 4

/** Improved pseudo linear multistep (Zhang & Chen 2022, arXiv 2204.13902), weights of even steps. */
export const ipndm: Sampler = (start, run) => solve(start, run, (slopes) => blendSlopes(slopes))

/** The same with weights for the steps' true lengths. */
export const ipndmV: Sampler = (start, run) =>
  solve(start, run, (slopes, i) => {
    const weights = variableWeights(run.sigmas, i, slopes.length)
    return combine(...slopes.map((slope, j): Term => [weights[j]!, slope]))
  })

type Blend = (slopes: readonly Tensor[], index: number) => Tensor

async function solve(start: Tensor, run: SamplerRun, blend: Blend): Promise<Tensor> {
  const { sigmas } = run
  let x = start
  let slopes: Tensor[] = []
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    // Forge steps on to zero with the history; ComfyUI ends at the clean latent.
    if (next === 0 && run.options.flavour === 'comfy') return denoised
    slopes = [slopeOf(x, sigma, denoised), ...slopes].slice(0, ORDER)
    x = follow(x, blend(slopes, i), next - sigma)
  }
  return x
}

/** Weights of the last slopes, newest first, from the lengths of the coming step and of those before it. */
function variableWeights(sigmas: readonly number[], i: number, order: number): number[] {
  const length = (back: number) => sigmas[i + 1 - back]! - sigmas[i - back]!
  const h = length(0)
  if (order === 1) return [1]
  const h1 = length(1)
  const weights = [1 + h / (2 * h1), -h / (2 * h1), 0, 0]
  if (order === 2) return weights
  const h2 = length(2)
  const third = (1 - (h / (3 * (h + h1))) * ((h * (h + h1)) / (h1 * (h1 + h2)))) / 2
  add(weights, third, [1, -(1 + h1 / h2), h1 / h2, 0])
  if (order === 3) return weights
  const h3 = length(3)
  const fourth =
    ((1 - h / (3 * (h + h1))) / 2 + ((1 - h / (2 * (h + h1))) * h) / (6 * (h + h1 + h2))) *
    ((h * (h + h1) * (h + h1 + h2)) / (h1 * (h1 + h2) * (h1 + h2 + h3)))
  const q = (h1 * (h1 + h2)) / (h2 * (h2 + h3))
  add(weights, fourth, [1, -(1 + h1 / h2 + q), h1 / h2 + q * (1 + h2 / h3), (-q * h1) / h2])
  return weights
}

function add(weights: number[], factor: number, shares: readonly number[]): void {
  shares.forEach((share, j) => {
    weights[j]! += factor * share
  })
}
