import type { Tensor } from '../../tensor/tensor.ts'
import { PlanError } from '../plan.ts'
import type { Sampler, SamplerRun } from '../sampler.ts'
import { splitAncestral } from './ancestral.ts'
import { evaluateStart, sigmaAt, stepOrder1, stepOrder2, stepOrder3, timeOf } from './dpm-solver.ts'
import { follow } from './slope.ts'
import { linspace } from '../schedules/schedule.ts'

const f32 = Math.fround

/** Span a solver walks through with steps of its own, and how many evaluations it may take. */
export interface SolverSpan {
  readonly sigmaMin: number
  readonly sigmaMax: number
  readonly evaluations: number
}

/** DPM-Solver-fast (Lu et al. 2022, arXiv 2206.00927): third-order steps, even in ln(sigma), in a given number of evaluations. */
export const dpmFast: Sampler = (start, run) => solveFast(start, run, spanOfSigmas(run.sigmas))

/** The same over a span of its own instead of the run's sigmas. */
export function createDpmFast(span: SolverSpan): Sampler {
  return (start, run) => solveFast(start, run, span)
}

/** From the first to the last positive sigma of a list. */
export function spanOfSigmas(sigmas: readonly number[]): SolverSpan {
  const last = sigmas.at(-1)!
  return {
    sigmaMin: last > 0 ? last : sigmas.at(-2)!,
    sigmaMax: sigmas[0]!,
    evaluations: sigmas.length - 1,
  }
}

/** Eta a solver runs with: ComfyUI gives none. */
export function solverEta({ options }: SamplerRun): number {
  return options.eta ?? (options.flavour === 'webui' ? 1 : 0)
}

/** Throws where noise is asked for but the span does not descend, as the originals do. */
export function refuseReverse(span: SolverSpan, eta: number): void {
  if (eta > 0 && !(span.sigmaMax > span.sigmaMin)) throw new PlanError('eta must be 0 for reverse sampling')
}

async function solveFast(start: Tensor, run: SamplerRun, span: SolverSpan): Promise<Tensor> {
  const eta = solverEta(run)
  refuseReverse(span, eta)
  const { evaluations } = span
  const segments = Math.floor(evaluations / 3) + 1
  const end = timeOf(span.sigmaMin)
  const times = linspace(timeOf(span.sigmaMax), end, segments + 1)
  let x = start
  for (const [i, order] of listOrders(evaluations, segments).entries()) {
    const [t, next] = [times[i]!, times[i + 1]!]
    const { to, spread } = splitTime(t, next, { eta, end })
    const begun = await evaluateStart(run, x, t)
    const { latent: denoised } = begun.denoised
    await run.onStep({ step: i + 1, totalSteps: segments, sigma: sigmaAt(t), denoised })
    if (order === 1) x = stepOrder1(begun, to)
    else if (order === 2) x = await stepOrder2(run, begun, to)
    else x = (await stepOrder3(run, begun, to)).latent
    const noise = run.noise.next()
    if (spread > 0) x = follow(x, noise, spread * run.options.sNoise)
  }
  return x
}

function listOrders(evaluations: number, segments: number): number[] {
  const thirds = (count: number) => new Array<number>(Math.max(count, 0)).fill(3)
  return evaluations % 3 === 0 ? [...thirds(segments - 2), 2, 1] : [...thirds(segments - 1), evaluations % 3]
}

/** Where a step with noise ends before the noise is added, and how much is. */
export function splitTime(
  t: number,
  next: number,
  { eta, end }: { eta: number; end: number },
): { to: number; spread: number } {
  if (eta === 0) return { to: next, spread: 0 }
  const { down } = splitAncestral(sigmaAt(t), sigmaAt(next), eta)
  const to = Math.min(end, timeOf(down))
  const [variance, kept] = [f32(sigmaAt(next) ** 2), f32(sigmaAt(to) ** 2)]
  return { to, spread: f32(Math.sqrt(Math.max(f32(variance - kept), 0))) }
}
