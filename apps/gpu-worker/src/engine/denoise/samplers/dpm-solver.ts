import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { Denoised, SamplerRun } from '../sampler.ts'
import { slopeOf } from './slope.ts'

// DPM-Solver (Lu et al. 2022, arXiv 2206.00927), singlestep, time t = -ln(sigma), noise prediction.

/** The start of a solver step: the latent, its time, and the noise predicted there. */
export interface SolverStart {
  readonly x: Tensor
  readonly t: number
  readonly noise: Tensor
}

const sigmaAt = (t: number) => Math.exp(-t)

/** Noise a network predicts at a time. */
async function noiseAt(run: SamplerRun, x: Tensor, t: number): Promise<Tensor> {
  return slopeOf(x, sigmaAt(t), (await run.denoise(x, sigmaAt(t))).latent)
}

/** Evaluates the start of a step. */
export async function evaluateStart(
  run: SamplerRun,
  x: Tensor,
  t: number,
): Promise<SolverStart & { readonly denoised: Denoised }> {
  const denoised = await run.denoise(x, sigmaAt(t))
  return { x, t, noise: slopeOf(x, sigmaAt(t), denoised.latent), denoised }
}

/** First order. */
export function stepOrder1({ x, t, noise }: SolverStart, to: number): Tensor {
  return combine([1, x], [-sigmaAt(to) * Math.expm1(to - t), noise])
}

/** Second order with an intermediate point at share `r1` of the step. */
export async function stepOrder2(
  run: SamplerRun,
  { x, t, noise }: SolverStart,
  to: number,
  r1 = 1 / 2,
): Promise<Tensor> {
  return finishOrder2({ x, t, noise }, to, {
    r1,
    second: await noiseAt(run, ...intermediate({ x, t, noise }, to, r1)),
  })
}

/** Third order with intermediate points at one and two thirds, and the second-order result of the first of them. */
export async function stepOrder3(
  run: SamplerRun,
  start: SolverStart,
  to: number,
): Promise<{ latent: Tensor; lower: Tensor }> {
  const { x, t, noise } = start
  const [r1, r2, h] = [1 / 3, 2 / 3, to - t]
  const second = await noiseAt(run, ...intermediate(start, to, r1))
  const [s2, grown] = [t + r2 * h, Math.expm1(r2 * h)]
  const bend = sigmaAt(s2) * (r2 / r1) * (grown / (r2 * h) - 1)
  const u2 = combine([1, x], [-sigmaAt(s2) * grown + bend, noise], [-bend, second])
  const third = await noiseAt(run, u2, s2)
  const curve = (sigmaAt(to) / r2) * (Math.expm1(h) / h - 1)
  const latent = combine([1, x], [-sigmaAt(to) * Math.expm1(h) + curve, noise], [-curve, third])
  return { latent, lower: finishOrder2(start, to, { r1, second }) }
}

function intermediate({ x, t, noise }: SolverStart, to: number, r: number): [Tensor, number] {
  const s = t + r * (to - t)
  return [combine([1, x], [-sigmaAt(s) * Math.expm1(r * (to - t)), noise]), s]
}

function finishOrder2(
  { x, t, noise }: SolverStart,
  to: number,
  { r1, second }: { r1: number; second: Tensor },
): Tensor {
  const grown = sigmaAt(to) * Math.expm1(to - t)
  return combine([1, x], [-grown + grown / (2 * r1), noise], [-grown / (2 * r1), second])
}
