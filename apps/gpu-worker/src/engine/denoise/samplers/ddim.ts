import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'

// Timestep samplers get sigmas of whole timesteps whose last is not zero: one evaluation a step, none at the last.

/** Denoising diffusion implicit models (Song et al. 2020, arXiv 2010.02502, equation 12); eta 0 by default. */
export const ddim: Sampler = (start, run) => step(start, run, (denoised) => denoised.latent)

/** DDIM whose direction comes from the unconditional prediction (CFG++, Chung et al. 2024, arXiv 2406.08070). */
export const ddimCfgpp: Sampler = (start, run) => step(start, run, (denoised) => denoised.unconditional)

async function step(
  start: Parameters<Sampler>[0],
  run: Parameters<Sampler>[1],
  directionOf: (denoised: Awaited<ReturnType<typeof run.denoise>>) => Parameters<Sampler>[0],
): ReturnType<Sampler> {
  const { sigmas, options } = run
  const eta = options.eta ?? 0
  let x = start
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const denoised = await beginStep(run, i, x)
    const [now, then] = [1 / (1 + sigma ** 2), 1 / (1 + next ** 2)]
    const spread = eta * Math.sqrt(((1 - then) / (1 - now)) * (1 - now / then))
    // In variance-exploding terms everything is divided by the square root of the next alpha-bar.
    const direction = Math.sqrt(Math.max(1 - then - spread ** 2, 0) / then) / sigma
    x = combine([1, denoised.latent], [direction, x], [-direction, directionOf(denoised)])
    if (spread > 0) x = combine([1, x], [spread / Math.sqrt(then), run.noise.next()])
    else run.noise.next()
  }
  return x
}
