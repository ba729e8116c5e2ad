import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { byRatio } from './by-ratio.ts'

/** Points of the numeric integrals. */
const POINTS = 200

/** What an extended reverse-time solver may be made with. */
export interface ErSdeOptions {
  /** Noise scale by sigma; larger growth means more noise. */
  readonly noiseScale: (sigma: number) => number
  /** Highest order, 1 to 3. */
  readonly maxStage: number
}

/** The paper's noise scale "ER-SDE 5". */
export const ER_SDE_SCALE = (sigma: number): number => sigma * (Math.exp(sigma ** 0.3) + 10)
/** Noise scale of the reverse-time stochastic equation with a share of noise; 0 is the ordinary equation. */
export function reverseTimeScale(eta: number): (sigma: number) => number {
  return (sigma) => sigma ** (eta + 1)
}

/** Extended reverse-time stochastic solver of third order (Cui et al. 2023, arXiv 2309.06169). */
export const erSde: Sampler = createErSde({ noiseScale: ER_SDE_SCALE, maxStage: 3 })

/** The solver with another noise scale or order. */
export function createErSde({ noiseScale, maxStage }: ErSdeOptions): Sampler {
  return byRatio(async (start, run) => {
    const { sigmas, options } = run
    let x = start
    let past: Past | undefined
    for (let i = 0; i + 1 < sigmas.length; i += 1) {
      const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
      const { latent: denoised } = await beginStep(run, i, x)
      if (next === 0) return denoised
      const ratio = noiseScale(next) / noiseScale(sigma)
      x = combine([ratio, x], [1 - ratio, denoised])
      const now = differentiate(sigmas, i, { denoised, past, maxStage })
      const { first, second } = integrate(noiseScale, sigma, next)
      if (now.first !== undefined) x = combine([1, x], [first, now.first])
      if (now.second !== undefined) x = combine([1, x], [second, now.second])
      const variance = next ** 2 - sigma ** 2 * ratio ** 2
      // The noise is drawn even where no variance is left for it.
      const noise = options.sNoise > 0 ? run.noise.next() : undefined
      if (noise && variance > 0) x = combine([1, x], [options.sNoise * Math.sqrt(variance), noise])
      past = { denoised, first: now.first }
    }
    return x
  })
}

interface Past {
  readonly denoised: Tensor
  readonly first: Tensor | undefined
}

/** First and second divided differences of the clean latents by sigma, as far as there is history for them. */
function differentiate(
  sigmas: readonly number[],
  i: number,
  { denoised, past, maxStage }: { denoised: Tensor; past: Past | undefined; maxStage: number },
): { first?: Tensor; second?: Tensor } {
  if (past === undefined || maxStage < 2) return {}
  const width = sigmas[i]! - sigmas[i - 1]!
  const first = combine([1 / width, denoised], [-1 / width, past.denoised])
  if (past.first === undefined || maxStage < 3) return { first }
  const half = (sigmas[i]! - sigmas[i - 2]!) / 2
  return { first, second: combine([1 / half, first], [-1 / half, past.first]) }
}

/** Weights of the first and second difference: integrals over the step by the rectangle rule. */
function integrate(
  scale: (sigma: number) => number,
  sigma: number,
  next: number,
): { first: number; second: number } {
  const step = next - sigma
  const width = -step / POINTS
  let [sum, moment] = [0, 0]
  for (let k = 0; k < POINTS; k += 1) {
    const at = next + k * width
    sum += 1 / scale(at)
    moment += (at - sigma) / scale(at)
  }
  const factor = scale(next) * width
  return { first: step + factor * sum, second: step ** 2 / 2 + factor * moment }
}
