import type { Tensor } from '../tensor/tensor.ts'
import type { Flow } from './model-sampling.ts'

/** What one model evaluation says: the guided clean latent, and the unconditional one (CFG++ needs it). */
export interface Denoised {
  readonly latent: Tensor
  readonly unconditional: Tensor
}

/**
 * Predicts the clean latent [batch, 4, h, w] from a noisy one at a sigma, whatever the network itself predicts.
 * Asynchronous: evaluations of all running jobs meet in the batcher.
 */
export type Denoiser = (latent: Tensor, sigma: number) => Promise<Denoised>

/** Where a sampler's own noise comes from. */
export interface SamplerNoise {
  /** Fresh standard normal noise of the latent's shape. */
  next(): Tensor
  /**
   * Noise for raising a step's sigma (churn), of the latent's shape unless another is given: the originals take it from
   * another generator than ancestral noise. A1111's has the latent's shape alone.
   */
  churn(shape?: readonly number[]): Tensor
  /** Unit-variance Brownian noise between two sigmas of the run, `from` above `to`. */
  between(from: number, to: number): Tensor
}

/** Options a sampler may look at. */
export interface SamplerOptions {
  /** Share of ancestral or DDIM noise; undefined: the sampler's default. */
  readonly eta?: number | undefined
  /** Factor on noise added during sampling. */
  readonly sNoise: number
  readonly sChurn: number
  readonly sTmin: number
  readonly sTmax: number
  /** Whose habits are followed where the originals differ: unused noise that is drawn all the same, the last LMS step. */
  readonly flavour: 'webui' | 'comfy'
}

/** What is told after the first evaluation of each step. */
export interface StepReport {
  /** Steps begun, from 1. */
  readonly step: number
  readonly totalSteps: number
  readonly sigma: number
  readonly denoised: Tensor
}

/** One run of a sampler. */
export interface SamplerRun {
  readonly denoise: Denoiser
  /** Descending, as a rule to 0. */
  readonly sigmas: readonly number[]
  readonly noise: SamplerNoise
  readonly options: SamplerOptions
  /** Latents are mixtures of noise and picture; absent: pictures with noise added. */
  readonly flow?: Flow | undefined
  /** The model's sigma of one of this run's, where they differ (samplers/by-ratio.ts). */
  readonly sigmaOf?: (sigma: number) => number
  /** Called after each step's first evaluation; its promise is awaited, and its rejection ends the run. */
  readonly onStep: (report: StepReport) => Promise<void>
}

/** A stepping algorithm: from the noisy latent at the first sigma to the latent at the last. */
export type Sampler = (latent: Tensor, run: SamplerRun) => Promise<Tensor>
