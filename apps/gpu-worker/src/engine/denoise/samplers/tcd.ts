import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'

/** Share of a step's noise that is fresh, "gamma" in the paper. */
const DEFAULT_ETA = 0.3

/**
 * Trajectory consistency distillation (Zheng et al. 2024, arXiv 2402.19159): to a sigma below the next one, and noise from
 * there. `sigmaBelow` gives it for a step and a share of fresh noise.
 */
export function createTcd(sigmaBelow: (step: number, eta: number) => number): Sampler {
  return async (start, run) => {
    const { sigmas, options } = run
    const eta = options.eta ?? DEFAULT_ETA
    let x = start
    for (let i = 0; i + 1 < sigmas.length; i += 1) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const { latent: clean } = await beginStep(run, i, x)
      const below = sigmaBelow(i, eta)
      const direction = below / sigma
      x = combine([1 - direction, clean], [direction, x])
      const isLast = i + 2 === sigmas.length
      if (eta > 0 && !isLast)
        x = combine([1, x], [Math.sqrt(Math.max(next ** 2 - below ** 2, 0)), run.noise.next()])
    }
    return x
  }
}
