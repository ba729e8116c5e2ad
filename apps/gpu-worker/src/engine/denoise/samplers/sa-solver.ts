import type { Tensor } from '../../tensor/tensor.ts'
import { combine, type Term } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { byRatio } from './by-ratio.ts'
import { solveLinear } from './solve-linear.ts'

/** What a stochastic Adams solver may be made with. */
export interface SaSolverOptions {
  /** Share of stochasticity at a sigma: 0 ordinary, 1 the full stochastic equation. */
  readonly tauAt: (sigma: number) => number
  readonly predictorOrder: number
  /** 0: no corrector. */
  readonly correctorOrder: number
  /** Evaluates again after correcting (predict, evaluate, correct, evaluate). */
  readonly evaluatesTwice: boolean
  /** The cheaper second-order coefficients that are exact only for even steps. */
  readonly simpleOrderTwo?: boolean
}

/** Stochasticity within a range of sigmas, both ends included, none outside. */
export function tauBetween(from: number, to: number, eta = 1): (sigma: number) => number {
  return (sigma) => (sigma <= from && sigma >= to ? eta : 0)
}

/** Usual orders. */
export const SA_DEFAULTS = { predictorOrder: 3, correctorOrder: 4 } as const

/** Stochastic Adams solver (Xue et al. 2023, arXiv 2309.05019). */
export function createSaSolver(settings: SaSolverOptions): Sampler {
  const { tauAt, predictorOrder, correctorOrder, evaluatesTwice } = settings
  const kept = Math.max(predictorOrder, correctorOrder)
  const solve: Sampler = async (start, run) => {
    const { sigmas, options } = run
    const count = sigmas.length - 1
    const lambdas = sigmas.map((sigma) => -Math.log(sigma))
    const endsAtZero = sigmas[count] === 0
    let [x, predicted]: [Tensor, Tensor] = [start, start]
    let history: Tensor[] = []
    let [noise, noiseFactor, tau]: [Tensor | undefined, number, number] = [undefined, 0, 0]
    for (let i = 0; i < count; i += 1) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const { latent: denoised } = await beginStep(run, i, predicted)
      history = [...history, denoised].slice(-kept)
      let predictor = Math.min(predictorOrder, history.length)
      let corrector =
        i === 0 || (next === 0 && !evaluatesTwice) ? 0 : Math.min(correctorOrder, history.length)
      if (endsAtZero) {
        predictor = Math.min(predictor, count - 1 - i)
        corrector = Math.min(corrector, count - i)
      }
      if (corrector > 0) {
        const nodes = lambdas.slice(i - corrector + 1, i + 1)
        const interval = { from: lambdas[i - 1]!, to: lambdas[i]!, ratio: sigma / sigmas[i - 1]!, tau }
        const corrected = advance(x, history.slice(-corrector), {
          nodes,
          interval,
          settings,
          isCorrector: true,
        })
        x = noise === undefined ? corrected : combine([1, corrected], [noiseFactor, noise])
        if (evaluatesTwice) history = [...history.slice(0, -1), (await run.denoise(x, sigma)).latent]
      } else x = predicted
      if (next === 0) return history.at(-1)!
      tau = tauAt(run.sigmaOf?.(next) ?? next)
      const nodes = lambdas.slice(i - predictor + 1, i + 1)
      const interval = { from: lambdas[i]!, to: lambdas[i + 1]!, ratio: next / sigma, tau }
      predicted = advance(x, history.slice(-predictor), { nodes, interval, settings, isCorrector: false })
      noise = undefined
      if (tau > 0 && options.sNoise > 0) {
        noise = run.noise.next()
        noiseFactor =
          next * Math.sqrt(-Math.expm1(-2 * tau ** 2 * (interval.to - interval.from))) * options.sNoise
        predicted = combine([1, predicted], [noiseFactor, noise])
      }
    }
    // Of a list that does not end at zero the state before its last prediction is the answer, as in ComfyUI.
    return x
  }
  return byRatio(solve, { endsEarly: true })
}

interface Interval {
  readonly from: number
  readonly to: number
  /** Sigma at the end over sigma at the start. */
  readonly ratio: number
  readonly tau: number
}

interface Advance {
  readonly nodes: readonly number[]
  readonly interval: Interval
  readonly settings: SaSolverOptions
  readonly isCorrector: boolean
}

/** The latent at the interval's end, from that at its start and the clean latents at the nodes. */
function advance(
  x: Tensor,
  clean: readonly Tensor[],
  { nodes, interval, settings, isCorrector }: Advance,
): Tensor {
  const weights =
    settings.simpleOrderTwo === true && nodes.length === 2
      ? simpleWeights(nodes, interval, isCorrector)
      : adamsWeights(nodes, interval)
  const kept = interval.ratio * Math.exp(-(interval.tau ** 2) * (interval.to - interval.from))
  return combine([kept, x], ...clean.map((latent, j): Term => [weights[j]!, latent]))
}

/** Weights that integrate polynomials through the nodes exactly against the equation's exponential. */
function adamsWeights(nodes: readonly number[], { from, to, tau }: Interval): number[] {
  const kappa = 1 + tau ** 2
  // Counted from the end of the interval, the powers stay small.
  const [start, decay] = [from - to, Math.exp(-kappa * (to - from))]
  const moments: number[] = []
  for (let power = 0; power < nodes.length; power += 1) {
    const ends = (power === 0 ? 1 : 0) - start ** power * decay
    moments.push(power === 0 ? ends : ends - (power / kappa) * moments[power - 1]!)
  }
  const powers = moments.map((_, power) => nodes.map((node) => (node - to) ** power))
  return solveLinear(powers, moments)
}

/** The paper's simplified weights (appendix D), the older node's first. */
function simpleWeights(
  nodes: readonly number[],
  { from, to, tau }: Interval,
  isCorrector: boolean,
): number[] {
  const [h, kappa] = [to - from, 1 + tau ** 2]
  const whole = -Math.expm1(-kappa * h)
  const older = isCorrector ? whole - 0.5 * kappa * h : (-0.5 * kappa * h * h) / (nodes[1]! - nodes[0]!)
  return [older, whole - older]
}
