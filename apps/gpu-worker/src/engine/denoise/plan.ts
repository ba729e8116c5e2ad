import type { Tensor } from '../tensor/tensor.ts'
import type { Flow } from './model-sampling.ts'
import type { Sampler } from './sampler.ts'

/** Everything about a sampling run that is known before it starts. */
export interface SamplingPlan {
  readonly sampler: Sampler
  /** Sigmas to walk through; empty: nothing to do. */
  readonly sigmas: readonly number[]
  /** Span of the run's Brownian noise: smallest positive and largest sigma of the whole schedule. */
  readonly brownianRange: { readonly from: number; readonly to: number }
  /** The network's timestep for a sigma. */
  readonly timestepOf: (sigma: number) => number
  /** Shares of input and prediction at a sigma, for consistency models (A1111's LCM); absent: plain prediction. */
  readonly consistencyAt?: (sigma: number) => { readonly skip: number; readonly out: number }
  /** Factor on the guidance scale (A1111's DDIM CFG++); absent: 1. */
  readonly guidanceFactor?: number
  /** The sampler looks at the unconditional prediction: it is evaluated even where guidance does not need it. */
  readonly needsUnconditional: boolean
  /** The sampler goes by the noise prediction: what a mask keeps is blended into that. */
  readonly keepsNoise?: boolean
  /** Latents are mixtures of noise and picture; absent: pictures with noise added. */
  readonly flow?: Flow | undefined
  /** The latent the sampler starts from: unit noise, and the source latent of image-to-image. */
  readonly begin: (noise: Tensor, source: Tensor | undefined) => Tensor
  /** The sampler's last latent as the surface returns it. */
  readonly end: (latent: Tensor) => Tensor
}

/** Smallest positive and largest of a list of sigmas; zeros when there are none. */
export function spanOf(sigmas: readonly number[]): SamplingPlan['brownianRange'] {
  const positive = sigmas.filter((sigma) => sigma > 0)
  return positive.length === 0
    ? { from: 0, to: 0 }
    : { from: Math.min(...positive), to: Math.max(...positive) }
}

interface PlanErrorOptions extends ErrorOptions {
  readonly exceptionType?: string
}

/** A sampling request that no plan can be made for. */
export class PlanError extends Error {
  override readonly name = 'PlanError'
  /** The original's exception, which its clients are told. */
  readonly exceptionType: string

  constructor(message: string, { exceptionType = 'ValueError', ...options }: PlanErrorOptions = {}) {
    super(message, options)
    this.exceptionType = exceptionType
  }
}
