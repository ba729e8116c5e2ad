import type { Tensor } from '../../tensor/tensor.ts'
import type { Sampler, SamplerRun } from '../sampler.ts'
import { refuseReverse, solverEta, spanOfSigmas, splitTime, type SolverSpan } from './dpm-fast.ts'
import { evaluateStart, sigmaAt, stepOrder1, stepOrder2, stepOrder3, timeOf } from './dpm-solver.ts'
import { follow } from './slope.ts'

const f32 = Math.fround

/** How an adaptive solver chooses its steps. */
export interface AdaptiveOptions {
  /** 2 or 3. */
  readonly order: number
  readonly relativeTolerance: number
  readonly absoluteTolerance: number
  /** First step, in ln(sigma). */
  readonly firstStep: number
  /** Coefficients of the step controller. */
  readonly proportional: number
  readonly integral: number
  readonly derivative: number
  /** Smallest factor of the next step at which a step counts. */
  readonly acceptance: number
}

const DEFAULTS: AdaptiveOptions = {
  order: 3,
  relativeTolerance: 0.05,
  absoluteTolerance: 0.0078,
  firstStep: 0.05,
  proportional: 0,
  integral: 1,
  derivative: 0,
  acceptance: 0.81,
}
/** Distance from the end that counts as arrived, in ln(sigma). */
const ARRIVED = 1e-5

/** DPM-Solver-12/23 with a step controller (Lu et al. 2022, arXiv 2206.00927); takes as many evaluations as it needs. */
export const dpmAdaptive: Sampler = (start, run) =>
  solveAdaptive(start, run, { span: spanOfSigmas(run.sigmas), options: DEFAULTS })

/** The same with a span of its own or other settings. */
export function createDpmAdaptive(options: Partial<AdaptiveOptions>, span?: SolverSpan): Sampler {
  return (start, run) =>
    solveAdaptive(start, run, {
      span: span ?? spanOfSigmas(run.sigmas),
      options: { ...DEFAULTS, ...options },
    })
}

interface Adaptive {
  readonly span: SolverSpan
  readonly options: AdaptiveOptions
}

async function solveAdaptive(start: Tensor, run: SamplerRun, { span, options }: Adaptive): Promise<Tensor> {
  const eta = solverEta(run)
  refuseReverse(span, eta)
  const [begin, end] = [timeOf(span.sigmaMax), timeOf(span.sigmaMin)]
  const control = createController(options, eta)
  const { absoluteTolerance, relativeTolerance } = options
  let [x, accepted, t]: [Tensor, Tensor, number] = [start, start, begin]
  for (let step = 1; t < f32(end - ARRIVED); step += 1) {
    const next = Math.min(end, f32(t + f32(control.step())))
    const { to, spread } = splitTime(t, next, { eta, end })
    const begun = await evaluateStart(run, x, t)
    const { low, high } = await stepPair(run, begun, { to, order: options.order })
    const error = measureError(low, high, accepted, { absoluteTolerance, relativeTolerance })
    const isAccepted = control.propose(error)
    if (isAccepted) {
      accepted = low
      x = high
      const noise = run.noise.next()
      if (spread > 0) x = follow(x, noise, spread * run.options.sNoise)
      t = next
    }
    const { latent: denoised } = begun.denoised
    await run.onStep({
      step,
      totalSteps: Math.max(step, run.sigmas.length - 1),
      sigma: sigmaAt(t),
      denoised,
    })
  }
  return x
}

/** Results of two neighbouring orders, which share their evaluations. */
async function stepPair(
  run: SamplerRun,
  begun: Awaited<ReturnType<typeof evaluateStart>>,
  { to, order }: { to: number; order: number },
): Promise<{ low: Tensor; high: Tensor }> {
  if (order === 2) return { low: stepOrder1(begun, to), high: await stepOrder2(run, begun, to) }
  const { latent, lower } = await stepOrder3(run, begun, to)
  return { low: lower, high: latent }
}

/** Root mean square of the difference in units of the tolerance, over the whole batch as the originals take it. */
function measureError(
  low: Tensor,
  high: Tensor,
  accepted: Tensor,
  tolerance: Pick<AdaptiveOptions, 'absoluteTolerance' | 'relativeTolerance'>,
): number {
  const [absolute, relative] = [f32(tolerance.absoluteTolerance), f32(tolerance.relativeTolerance)]
  let sum = 0
  for (let i = 0; i < low.data.length; i += 1) {
    const size = Math.max(Math.abs(low.data[i]!), Math.abs(accepted.data[i]!))
    const allowed = Math.max(absolute, f32(relative * size))
    sum += f32(f32(low.data[i]! - high.data[i]!) / allowed) ** 2
  }
  return f32(f32(Math.sqrt(f32(sum))) / f32(Math.sqrt(low.data.length)))
}

const SMALLEST_ERROR = 1e-8

/** A proportional-integral-derivative controller of the step length (Söderlind 2003). */
function createController(options: AdaptiveOptions, eta: number) {
  const { proportional: p, integral: i, derivative: d, acceptance } = options
  // The noise of a stochastic step limits its order.
  const order = eta > 0 ? 1.5 : options.order
  const weights = [(p + i + d) / order, -(p + 2 * d) / order, d / order] as const
  let step = options.firstStep
  let errors: [number, number, number] | undefined
  return {
    step: () => step,
    /** Takes a step's error, sets the next length, and says whether the step counts. */
    propose(error: number): boolean {
      const inverse = 1 / (error + SMALLEST_ERROR)
      errors = errors === undefined ? [inverse, inverse, inverse] : [inverse, errors[1], errors[2]]
      const raw = errors[0] ** weights[0] * errors[1] ** weights[1] * errors[2] ** weights[2]
      const factor = 1 + Math.atan(raw - 1)
      const isAccepted = factor >= acceptance
      if (isAccepted) errors = [errors[0], errors[0], errors[1]]
      step *= factor
      return isAccepted
    },
  }
}
