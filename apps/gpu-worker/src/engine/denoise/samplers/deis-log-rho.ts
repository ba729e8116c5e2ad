import type { Tensor } from '../../tensor/tensor.ts'
import { combine, type Term } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { slopeOf } from './slope.ts'

/** How the integrator walks. */
export interface DeisOptions {
  /** Highest order, 1 to 3. */
  readonly order: number
  /** Highest order at a step, counted from the end: 0 is the last. */
  readonly orderFromEnd: (remaining: number) => number
}

/**
 * Diffusion exponential integrator in the logarithm of sigma, ρAB-DEIS (Zhang & Chen 2022, arXiv 2204.13902), with exact
 * integrals. Every sigma is positive.
 */
export function createDeisLogRho({ order: highest, orderFromEnd }: DeisOptions): Sampler {
  return async (start, run) => {
    const { sigmas } = run
    let x = start
    let noises: Tensor[] = []
    for (let i = 0; i + 1 < sigmas.length; i += 1) {
      const { latent: clean } = await beginStep(run, i, x)
      noises = [slopeOf(x, sigmas[i]!, clean), ...noises].slice(0, highest)
      const order = Math.min(noises.length, orderFromEnd(sigmas.length - 2 - i))
      const logs = Array.from({ length: order }, (_, j) => Math.log(sigmas[i - j]!))
      const terms = logs.map((_, j): Term => [integrate(logs, j, [sigmas[i]!, sigmas[i + 1]!]), noises[j]!])
      x = combine([1, x], ...terms)
    }
    return x
  }
}

/** Integral over sigma, from one to another, of the j-th Lagrange polynomial through points in log sigma. */
function integrate(logs: readonly number[], j: number, [from, to]: readonly [number, number]): number {
  const others = logs.filter((_, k) => k !== j)
  const divisor = others.reduce((product, other) => product * (logs[j]! - other), 1)
  return (antiderivative(others, to) - antiderivative(others, from)) / divisor
}

/** Antiderivative of the product of `log sigma - point`, for at most two points. */
function antiderivative([first, second]: readonly number[], sigma: number): number {
  const log = Math.log(sigma)
  if (first === undefined) return sigma
  if (second === undefined) return sigma * (log - 1 - first)
  return sigma * (log ** 2 - 2 * log + 2 - (first + second) * (log - 1) + first * second)
}
