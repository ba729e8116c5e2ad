import type { Tensor } from '../../tensor/tensor.ts'
import type { Term } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { dpmTerms, takeDpmStep, toDpmPrediction, type DpmAlgorithm } from './dpm-solver-terms.ts'

/** How a multistep solver walks. */
export interface DpmMultistepOptions {
  readonly algorithm: DpmAlgorithm
  /** Highest order, 1 to 3. */
  readonly order: number
  /** How the second order takes the first derivative. */
  readonly correction: 'midpoint' | 'heun'
  /** Highest order at a step, counted from the end: 0 is the last. */
  readonly orderFromEnd: (remaining: number) => number
}

interface Known {
  readonly sigma: number
  readonly value: Tensor
}

/**
 * DPM-Solver and DPM-Solver++, multistep (Lu et al. 2022, arXiv 2211.01095, algorithm 2), of any order, deterministic or
 * stochastic; noise is drawn at every step, as Diffusers does.
 */
export function createDpmMultistep(options: DpmMultistepOptions): Sampler {
  const { algorithm, order: highest, orderFromEnd } = options
  return async (start, run) => {
    const { sigmas } = run
    let x = start
    let known: Known[] = []
    for (let i = 0; i + 1 < sigmas.length; i += 1) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const { latent: clean } = await beginStep(run, i, x)
      known = [{ sigma, value: toDpmPrediction(algorithm, x, sigma, clean) }, ...known].slice(0, highest)
      const noise = algorithm === 'sde-dpmsolver++' ? run.noise.next() : undefined
      const order = Math.min(known.length, orderFromEnd(sigmas.length - 2 - i))
      const { keep, spread } = dpmTerms(algorithm, sigma, next)
      x = takeDpmStep([[keep, x], ...predict(known.slice(0, order), next, options)], spread, noise)
    }
    return x
  }
}

/** The prediction's share of a step from the newest of the known points; their number is the order. */
function predict(
  known: readonly Known[],
  next: number,
  { algorithm, correction }: DpmMultistepOptions,
): Term[] {
  const [now, before, earlier] = known
  const terms = dpmTerms(algorithm, now!.sigma, next)
  const straight: Term = [terms.first, now!.value]
  if (before === undefined) return [straight]
  const h = Math.log(now!.sigma / next)
  const r = Math.log(before.sigma / now!.sigma) / h
  const changes = (weight: number): Term[] => [
    [weight / r, now!.value],
    [-weight / r, before.value],
  ]
  if (earlier === undefined)
    return [straight, ...changes(correction === 'heun' ? terms.integrated : terms.midpoint)]
  const r1 = Math.log(earlier.sigma / before.sigma) / h
  // The derivatives from the two differences, (now - before) / r and (before - earlier) / r1.
  const latest = terms.integrated * (1 + r / (r + r1)) + terms.second / (r + r1)
  const older = (-terms.integrated * r - terms.second) / (r + r1)
  return [straight, ...changes(latest), [older / r1, before.value], [-older / r1, earlier.value]]
}
