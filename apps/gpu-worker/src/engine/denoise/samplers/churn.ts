import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { SamplerRun } from '../sampler.ts'

/** Raises the noise of a latent a little before a step (Karras et al. 2022, algorithm 2). */
export function churn(latent: Tensor, sigma: number, run: SamplerRun): { latent: Tensor; sigma: number } {
  const { sChurn, sTmin, sTmax, sNoise, flavour } = run.options
  const isInside = sigma >= sTmin && sigma <= sTmax
  const gamma = isInside ? Math.min(sChurn / (run.sigmas.length - 1), Math.SQRT2 - 1) : 0
  // A1111 draws at every step, used or not.
  const noise = gamma > 0 || flavour === 'webui' ? run.noise.churn() : undefined
  if (gamma === 0 || noise === undefined) return { latent, sigma }
  const raised = sigma * (1 + gamma)
  return {
    latent: combine([1, latent], [sNoise * Math.sqrt(raised ** 2 - sigma ** 2), noise]),
    sigma: raised,
  }
}
