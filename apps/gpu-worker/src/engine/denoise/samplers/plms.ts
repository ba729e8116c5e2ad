import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { blendSlopes } from './adams-bashforth.ts'
import { beginStep } from './begin-step.ts'

/** Pseudo linear multistep (Liu et al. 2022, arXiv 2202.09778), on the timesteps of DDIM. */
export const plms: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  let past: Tensor[] = []
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    const noise = combine([1 / sigma, x], [-1 / sigma, denoised])
    const blended =
      past.length === 0 ? await startUp(run, { x, noise, sigma, next }) : blendSlopes([noise, ...past])
    // x + (next - sigma) * noise is the DDIM step in variance-exploding terms.
    x = combine([1, x], [next - sigma, blended])
    past = [noise, ...past].slice(0, 3)
  }
  return x
}

/** The first step averages the prediction with the one after an Euler step. */
async function startUp(
  run: Parameters<Sampler>[1],
  { x, noise, sigma, next }: { x: Tensor; noise: Tensor; sigma: number; next: number },
): Promise<Tensor> {
  const ahead = combine([1, x], [next - sigma, noise])
  const { latent: denoised } = await run.denoise(ahead, next)
  return combine([0.5, noise], [0.5 / next, ahead], [-0.5 / next, denoised])
}
