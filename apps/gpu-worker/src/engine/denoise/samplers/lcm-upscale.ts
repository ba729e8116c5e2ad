import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { linspaceDouble, roundHalfEven } from '../schedules/schedule.ts'
import { beginStep } from './begin-step.ts'

/** How a latent grows while it is sampled. */
export interface LcmUpscaleOptions {
  /** Size at the end of the growth, in sizes at the start. */
  readonly ratio: number
  /** Steps it grows in; below 0: half of the sigmas. */
  readonly steps: number
  readonly resize: (latent: Tensor, size: { width: number; height: number }) => Tensor
}

/** Latent consistency sampling whose clean latent is enlarged in its first steps (ComfyUI's SamplerLCMUpscale). */
export function createLcmUpscale({ ratio, steps, resize }: LcmUpscaleOptions): Sampler {
  return async (start, run) => {
    const { sigmas } = run
    const [height, width] = start.shape.slice(2) as [number, number]
    const growing = steps < 0 ? Math.max(Math.floor(sigmas.length / 2), 1) : Math.min(steps, sigmas.length)
    const factors = linspaceDouble(1, ratio, growing + 1).slice(1)
    let x = start
    for (let i = 0; i + 1 < sigmas.length; i += 1) {
      const { latent: denoised } = await beginStep(run, i, x)
      const factor = factors[i]
      x =
        factor === undefined
          ? denoised
          : resize(denoised, { width: roundHalfEven(width * factor), height: roundHalfEven(height * factor) })
      if (sigmas[i + 1]! > 0) x = combine([1, x], [sigmas[i + 1]!, run.noise.churn(x.shape)])
    }
    return x
  }
}
