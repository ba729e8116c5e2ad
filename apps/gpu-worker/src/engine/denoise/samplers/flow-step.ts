import { combine } from '../combine.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { SamplerRun } from '../sampler.ts'

/** An ancestral step of a rectified flow: how far down it goes, and how the latent is brought up again. */
export interface FlowStep {
  readonly down: number
  /** Factor on the latent at `down` that makes the picture's share what it is at the next sigma. */
  readonly keep: number
  /** Noise that is missing there. */
  readonly up: number
}

/** Splits a step to `next` into a deterministic one to `down` and noise, with eta's share of the step. */
export function splitFlow(sigma: number, next: number, eta: number): FlowStep {
  const down = next * (1 + (next / sigma - 1) * eta)
  const keep = (1 - next) / (1 - down)
  return { down, keep, up: Math.sqrt(next ** 2 - (down * keep) ** 2) }
}

/** The latent at the next sigma, from the one the step went down to. */
export function raise(latent: Tensor, { keep, up }: FlowStep, run: SamplerRun): Tensor {
  return combine([keep, latent], [run.options.sNoise * up, run.noise.next()])
}
