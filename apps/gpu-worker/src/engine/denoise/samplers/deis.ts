import type { Tensor } from '../../tensor/tensor.ts'
import { combine, type Term } from '../combine.ts'
import type { Sampler } from '../sampler.ts'
import { beginStep } from './begin-step.ts'
import { follow, slopeOf } from './slope.ts'

const ORDER = 3
/** Points of the numeric integral. */
const POINTS = 10_000

/** Diffusion exponential integrator, tAB-DEIS (Zhang & Chen 2022, arXiv 2204.13902). */
export const deis: Sampler = async (start, run) => {
  const { sigmas } = run
  const times = sigmas.map(toTime)
  let x = start
  let slopes: Tensor[] = []
  for (let i = 0; i + 1 < sigmas.length; i += 1) {
    const [sigma, next] = [sigmas[i]!, sigmas[i + 1]!]
    const { latent: denoised } = await beginStep(run, i, x)
    slopes = [slopeOf(x, sigma, denoised), ...slopes].slice(0, ORDER)
    if (next === 0 || slopes.length === 1) {
      x = follow(x, slopes[0]!, next - sigma)
      continue
    }
    const terms = slopes.map((slope, j): Term => [integrate(times, i, { order: slopes.length, j }), slope])
    x = combine([1, x], ...terms)
  }
  return x
}

// The variance-preserving path through sigma 80 at time 1 and sigma 0.002 at time 0.001 (arXiv 2206.00364, table 1).
const [LOG_TOP, LOG_BOTTOM, BOTTOM_TIME] = [Math.log(80 ** 2 + 1), Math.log(0.002 ** 2 + 1), 1e-3]
const SLOPE = (2 * (LOG_BOTTOM / BOTTOM_TIME - LOG_TOP)) / (BOTTOM_TIME - 1)
const OFFSET = LOG_TOP - SLOPE / 2

function toTime(sigma: number): number {
  return (Math.sqrt(OFFSET ** 2 + 2 * SLOPE * Math.log(sigma ** 2 + 1)) - OFFSET) / SLOPE
}

/** Change of sigma by time, the weight of the integral. */
function weightAt(time: number): number {
  const alpha = Math.exp(-0.5 * SLOPE * time ** 2 - OFFSET * time)
  return (0.5 * (SLOPE * time + OFFSET)) / Math.sqrt(alpha * (1 - alpha))
}

/** Weighted integral over the step of the j-th Lagrange polynomial through the last `order` times. */
function integrate(times: readonly number[], i: number, { order, j }: { order: number; j: number }): number {
  const [from, to] = [times[i]!, times[i + 1]!]
  let sum = 0
  for (let point = 0; point < POINTS; point += 1) {
    const time = from + ((to - from) * point) / (POINTS - 1)
    let basis = 1
    for (let k = 0; k < order; k += 1) {
      if (k !== j) basis *= (time - times[i - k]!) / (times[i - j]! - times[i - k]!)
    }
    sum += weightAt(time) * basis
  }
  return (sum * (to - from)) / POINTS
}
