import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { Denoised, SamplerRun } from '../sampler.ts'
import { follow, slopeOf } from './slope.ts'

// DPM-Solver (Lu et al. 2022, arXiv 2206.00927), singlestep, time t = -ln(sigma), noise prediction. Each operation is rounded to
// f32 in the originals' order: third-order steps are differences of nearly equal numbers, by which adaptive steps are chosen.

const f32 = Math.fround

/** The start of a solver step: the latent, its time, and the noise predicted there. */
export interface SolverStart {
  readonly x: Tensor
  readonly t: number
  readonly noise: Tensor
}

/** Sigma at a time. */
export const sigmaAt = (t: number): number => f32(Math.exp(-t))

/** Time of a sigma. */
export const timeOf = (sigma: number): number => -f32(Math.log(f32(sigma)))

const grow = (h: number): number => f32(Math.expm1(h))

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
  return follow(x, noise, -f32(sigmaAt(to) * grow(f32(to - t))))
}

/** Second order with an intermediate point at share `r1` of the step. */
export async function stepOrder2(
  run: SamplerRun,
  start: SolverStart,
  to: number,
  r1 = 1 / 2,
): Promise<Tensor> {
  const { at, x } = goShare(start, to, r1)
  return finishOrder2(start, to, { r1, bend: difference(await noiseAt(run, x, at), start.noise) })
}

/** Third order with intermediate points at one and two thirds, and the second-order result of the first of them. */
export async function stepOrder3(
  run: SamplerRun,
  start: SolverStart,
  to: number,
): Promise<{ latent: Tensor; lower: Tensor }> {
  const [r1, r2, h] = [1 / 3, 2 / 3, f32(to - start.t)]
  const [first, second] = [goShare(start, to, r1), goShare(start, to, r2)]
  const bend = difference(await noiseAt(run, first.x, first.at), start.noise)
  const bent = f32(f32(sigmaAt(second.at) * f32(r2 / r1)) * f32(f32(grow(second.h) / second.h) - 1))
  const third = await noiseAt(run, follow(second.x, bend, -bent), second.at)
  const curve = f32(f32(sigmaAt(to) / f32(r2)) * f32(f32(grow(h) / h) - 1))
  return {
    latent: follow(stepOrder1(start, to), difference(third, start.noise), -curve),
    lower: finishOrder2(start, to, { r1, bend }),
  }
}

/** A share of a step by the first order: where that is, how long, and the latent there. */
function goShare(start: SolverStart, to: number, share: number): { at: number; h: number; x: Tensor } {
  const h = f32(f32(share) * f32(to - start.t))
  const at = f32(start.t + h)
  return { at, h, x: follow(start.x, start.noise, -f32(sigmaAt(at) * grow(h))) }
}

function finishOrder2(
  start: SolverStart,
  to: number,
  { r1, bend }: { readonly r1: number; readonly bend: Tensor },
): Tensor {
  const factor = f32(f32(sigmaAt(to) / f32(2 * r1)) * grow(f32(to - start.t)))
  return follow(stepOrder1(start, to), bend, -factor)
}

function difference(a: Tensor, b: Tensor): Tensor {
  return combine([1, a], [-1, b])
}
