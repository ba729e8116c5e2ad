import { combine } from '../combine.ts'
import type { Sampler, SamplerOptions } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { splitAncestral } from './ancestral.ts'
import { byRatio } from './by-ratio.ts'

/** DPM-Solver++ of second order for the stochastic equation, one midpoint a step (Lu et al. 2022, arXiv 2211.01095). */
export const dpmppSde: Sampler = createDpmppSde(1 / 2)

/** The same with its intermediate point at another share of the step, above 0. */
export function createDpmppSde(r: number): Sampler {
  return byRatio(async (start, run) => {
    const { sigmas, options } = run
    const eta = options.eta ?? 1
    let x = start
    for (let i = 0; i + 1 < sigmas.length; i += 1) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const { latent: denoised } = await beginStep(run, i, x)
      if (next === 0) {
        x = denoised
        continue
      }
      const times = timesOf({ sigma, next, r }, options.flavour)
      const toMiddle = splitAncestral(sigma, times.middle, eta)
      const halfway = combine(
        [toMiddle.down / sigma, x],
        [1 - toMiddle.down / sigma, denoised],
        [options.sNoise * toMiddle.up, run.noise.between(times.from, times.middle)],
      )
      const { latent: second } = await run.denoise(halfway, times.middle)
      const toNext = splitAncestral(sigma, next, eta)
      const mixed = combine([1 - 1 / (2 * r), denoised], [1 / (2 * r), second])
      x = combine(
        [toNext.down / sigma, x],
        [1 - toNext.down / sigma, mixed],
        [options.sNoise * toNext.up, run.noise.between(times.from, times.to)],
      )
    }
    return x
  })
}

const f32 = Math.fround

/**
 * Sigmas between which the step draws Brownian noise. They come by way of f32 logarithms, as the originals compute them,
 * for the noise depends on their last digits; A1111 brings both ends of the step there and back, too.
 */
function timesOf(
  { sigma, next, r }: { sigma: number; next: number; r: number },
  flavour: SamplerOptions['flavour'],
): { from: number; middle: number; to: number } {
  const [t, tNext] = [f32(-f32(Math.log(sigma))), f32(-f32(Math.log(next)))]
  const back = (time: number) => f32(Math.exp(-time))
  const middle = back(f32(t + f32(f32(tNext - t) * f32(r))))
  return flavour === 'comfy' ? { from: sigma, middle, to: next } : { from: back(t), middle, to: back(tNext) }
}
