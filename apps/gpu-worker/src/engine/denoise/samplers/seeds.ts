import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { Sampler, SamplerRun } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { byRatio } from './by-ratio.ts'

// SEEDS (Gonzalez et al. 2023, arXiv 2305.14267): exponential derivative-free solvers of the stochastic equation. Steps
// are lengths h in -ln(sigma); noise of a part of a step is carried on into its rest.

/** SEEDS-2: one midpoint. */
export const seeds2: Sampler = byRatio(async (start, run) => {
  const { sigmas, options } = run
  const [r, eta] = [0.5, options.eta ?? 1]
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    if (next === 0) return denoised
    const h = Math.log(sigma / next)
    const g = h * (1 + eta)
    const middle = sigma * Math.exp(-r * h)
    const noise = createStepNoise(run, h, eta)
    const halfway = noise.add(
      middle,
      combine([(middle / sigma) * Math.exp(-r * h * eta), x], [-Math.expm1(-r * g), denoised]),
      { from: 0, to: r },
    )
    const { latent: second } = await run.denoise(halfway, middle)
    const mixed = combine([1 - 1 / (2 * r), denoised], [1 / (2 * r), second])
    x = noise.add(next, combine([(next / sigma) * Math.exp(-h * eta), x], [-Math.expm1(-g), mixed]), {
      from: r,
      to: 1,
    })
  }
  return x
})

/** SEEDS-3: points at one and two thirds. */
export const seeds3: Sampler = byRatio(async (start, run) => {
  const { sigmas, options } = run
  const [r1, r2, eta] = [1 / 3, 2 / 3, options.eta ?? 1]
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    if (next === 0) return denoised
    const h = Math.log(sigma / next)
    const g = h * (1 + eta)
    const noise = createStepNoise(run, h, eta)
    const shrink = (r: number) => Math.exp(-r * h * (1 + eta))
    const [sigma1, sigma2] = [sigma * Math.exp(-r1 * h), sigma * Math.exp(-r2 * h)]
    const x2 = combine([shrink(r1), x], [-Math.expm1(-r1 * g), denoised])
    const { latent: d2 } = await run.denoise(noise.add(sigma1, x2, { from: 0, to: r1 }), sigma1)
    const a2 = (r2 / r1) * psi(-r2 * g)
    const a1 = Math.expm1(-r2 * g) - a2
    const x3 = combine([shrink(r2), x], [-a1, denoised], [-a2, d2])
    const { latent: d3 } = await run.denoise(noise.add(sigma2, x3, { from: r1, to: r2 }), sigma2)
    const b3 = psi(-g) / r2
    const b1 = Math.expm1(-g) - b3
    x = noise.add(next, combine([shrink(1), x], [-b1, denoised], [-b3, d3]), { from: r2, to: 1 })
  }
  return x
})

function psi(z: number): number {
  return (Math.expm1(z) - z) / z
}

/** Noise along one step: each part decays over the parts after it and gets fresh noise of its own. */
function createStepNoise(run: SamplerRun, h: number, eta: number) {
  let noise: Tensor | undefined
  return {
    /** The latent with the noise collected up to share `to` of the step, in units of that point's sigma. */
    add(sigma: number, latent: Tensor, { from, to }: { from: number; to: number }): Tensor {
      const { sNoise } = run.options
      if (eta === 0 || sNoise === 0) return latent
      const fresh = run.noise.next()
      const spread = Math.sqrt(-Math.expm1(2 * (from - to) * h * eta))
      noise =
        noise === undefined
          ? combine([spread, fresh], [0, fresh])
          : combine([Math.exp((from - to) * h * eta), noise], [spread, fresh])
      return combine([1, latent], [sigma * sNoise, noise])
    },
  }
}
