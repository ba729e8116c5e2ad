import type { Tensor } from '../../tensor/tensor.ts'
import { combine, type Term } from '../combine.ts'

/** The equation a DPM-Solver integrates: of the clean latent, with noise put back, or of the noise. */
export type DpmAlgorithm = 'dpmsolver++' | 'sde-dpmsolver++' | 'dpmsolver'

/** Factors of one step from one sigma to another. */
export interface DpmTerms {
  /** On the latent it starts from. */
  readonly keep: number
  /** On the prediction. */
  readonly first: number
  /** On its first derivative by the step: as a midpoint sees it, and integrated. */
  readonly midpoint: number
  readonly integrated: number
  /** On its second derivative, integrated. */
  readonly second: number
  /** Deviation of fresh noise; 0 where the equation has none. */
  readonly spread: number
}

/**
 * Factors of DPM-Solver (Lu et al. 2022, arXiv 2206.00927) and DPM-Solver++ (arXiv 2211.01095) for a step between two
 * sigmas. The stochastic second derivative is the one Diffusers has, which is not what the limit of small steps asks for.
 */
export function dpmTerms(algorithm: DpmAlgorithm, sigma: number, next: number): DpmTerms {
  const h = Math.log(sigma) - Math.log(next)
  if (algorithm === 'dpmsolver') {
    const grown = Math.expm1(h)
    return {
      keep: 1,
      first: next - sigma,
      midpoint: 0.5 * (next - sigma),
      integrated: -next * (grown / h - 1),
      second: -next * ((grown - h) / h ** 2 - 0.5),
      spread: 0,
    }
  }
  if (algorithm === 'sde-dpmsolver++') {
    const lost = -Math.expm1(-2 * h)
    return {
      keep: (next / sigma) * Math.exp(-h),
      first: lost,
      midpoint: 0.5 * lost,
      integrated: 1 - lost / (2 * h),
      second: (lost - 2 * h) / (2 * h) ** 2 - 0.5,
      spread: next * Math.sqrt(lost),
    }
  }
  const lost = -Math.expm1(-h)
  return {
    keep: next / sigma,
    first: lost,
    midpoint: 0.5 * lost,
    integrated: 1 - lost / h,
    second: -((h - lost) / h ** 2 - 0.5),
    spread: 0,
  }
}

/** What a step's equation is about, predicted at a sigma. */
export function toDpmPrediction(algorithm: DpmAlgorithm, x: Tensor, sigma: number, clean: Tensor): Tensor {
  return algorithm === 'dpmsolver' ? combine([1 / sigma, x], [-1 / sigma, clean]) : clean
}

/** The sum of a step's terms, and of its noise where it has some. */
export function takeDpmStep(terms: readonly Term[], spread: number, noise: Tensor | undefined): Tensor {
  return noise === undefined || spread === 0 ? combine(...terms) : combine(...terms, [spread, noise])
}
