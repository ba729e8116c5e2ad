import { combine, scale } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'

/** Denoising diffusion probabilistic sampling (Ho et al. 2020, arXiv 2006.11239) between arbitrary sigmas. */
export const ddpm: Sampler = async (start, run) => {
  const { sigmas } = run
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    const [now, then] = [1 / (sigma ** 2 + 1), 1 / (next ** 2 + 1)]
    const alpha = now / then
    const noiseFactor = (1 - alpha) / Math.sqrt(1 - now) / Math.sqrt(alpha) / sigma
    const preserving = 1 / Math.sqrt(1 + sigma ** 2) / Math.sqrt(alpha)
    x = combine([preserving - noiseFactor, x], [noiseFactor, denoised])
    if (next === 0) continue
    const spread = Math.sqrt(((1 - alpha) * (1 - then)) / (1 - now))
    x = scale(Math.sqrt(1 + next ** 2), combine([1, x], [spread, run.noise.next()]))
  }
  return x
}
