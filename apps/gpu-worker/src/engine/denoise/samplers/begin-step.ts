import type { Tensor } from '../../tensor/tensor.ts'
import type { Denoised, SamplerRun } from '../sampler.ts'

/** The first evaluation of step `index` (from 0), told to the run: at the step's sigma, or at one churn has raised. */
export async function beginStep(
  run: SamplerRun,
  index: number,
  latent: Tensor,
  raised?: number,
): Promise<Denoised> {
  const sigma = run.sigmas[index]!
  const denoised = await run.denoise(latent, raised ?? sigma)
  await run.onStep({
    step: index + 1,
    totalSteps: run.sigmas.length - 1,
    sigma,
    denoised: denoised.latent,
  })
  return denoised
}
