import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import type { Denoiser } from '../sampler.ts'

const MEANS = { conditional: [0.5, -0.25, 0.1, -0.4], unconditional: [-0.2, 0.3, 0, 0.15] }
const GUIDANCE = 2.5

/** How the stand-in for the network is used. */
export interface AnalyticOptions {
  /** Factor on the guidance scale 2.5; absent: 1. */
  readonly guidanceFactor?: number
  /** Whether the unconditional is left out at an evaluation, counted from 0. */
  readonly skips?: (call: number, sigma: number) => boolean
}

/** The analytic denoiser that stands in for the network in the sampler recordings. */
export function createAnalyticDenoiser({ guidanceFactor = 1, skips }: AnalyticOptions = {}): Denoiser {
  const guidance = GUIDANCE * guidanceFactor
  let calls = 0
  return async (latent, sigma) => {
    const call = calls
    calls += 1
    const conditional = denoiseTowards(latent, sigma, MEANS.conditional)
    if (skips?.(call, sigma) === true) return { latent: conditional, unconditional: conditional }
    const unconditional = denoiseTowards(latent, sigma, MEANS.unconditional)
    const guided = conditional.data.map((value, i) => {
      const other = unconditional.data[i]!
      return other + f32(f32(value - other) * f32(guidance))
    })
    return { latent: createTensor(conditional.shape, guided), unconditional }
  }
}

/** Which of its two means the stand-in goes to. */
export type AnalyticSide = keyof typeof MEANS

/** The stand-in's clean latent on one side. */
export function analyticPrediction(latent: Tensor, sigma: number, side: AnalyticSide): Tensor {
  return denoiseTowards(latent, sigma, MEANS[side])
}

const f32 = Math.fround

/** Every operation rounded to f32, as the recordings were made. */
function denoiseTowards({ shape, data }: Tensor, sigma: number, means: readonly number[]): Tensor {
  const s = f32(sigma)
  const variance = f32(0.49)
  const share = f32(variance / f32(variance + f32(s * s)))
  const [, , height, width] = shape as [number, number, number, number]
  return createTensor(
    shape,
    data.map((x, i) => {
      const mean = f32(f32(means[Math.floor(i / (height * width)) % 4]!) * f32(1 - share))
      const wave = f32(f32(f32(f32(0.1) * f32(Math.sin(x))) * s) / f32(1 + s))
      return f32(f32(x * share) + mean) + wave
    }),
  )
}
