import { linspace, type Schedule } from './schedule.ts'

/** Beta distribution of steps (Lee et al. 2024, arXiv 2407.12173); alpha = beta = 0.6. */
export const betaWebui: Schedule = {
  sigmas: ({ count, sigmaMin, sigmaMax }) =>
    linspace(0, 1, count).map((ramp) => sigmaMin + inverseBeta(1 - ramp) * (sigmaMax - sigmaMin)),
}

/** The same over table entries, as ComfyUI has it: repeated entries are left out. */
export const betaComfy: Schedule = {
  sigmas: ({ count, model: { sigmas } }) => {
    const list: number[] = []
    let last = -1
    for (let i = 0; i < count; i += 1) {
      const index = roundHalfEven(inverseBeta(1 - i / count) * (sigmas.length - 1))
      if (index !== last) list.push(sigmas[index]!)
      last = index
    }
    return list
  },
}

const SHAPE = 0.6

function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

/** Inverse of the regularised incomplete beta function I_x(0.6, 0.6), by bisection. */
function inverseBeta(probability: number): number {
  if (probability <= 0) return 0
  if (probability >= 1) return 1
  let [low, high] = [0, 1]
  for (let i = 0; i < 80; i += 1) {
    const middle = (low + high) / 2
    if (cumulativeBeta(middle) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** I_x(0.6, 0.6) by the continued fraction (Numerical Recipes 6.4). */
function cumulativeBeta(x: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // Symmetric parameters: the fraction converges fast below one half.
  if (x > 0.5) return 1 - cumulativeBeta(1 - x)
  const front = (x ** SHAPE * (1 - x) ** SHAPE) / (SHAPE * BETA_FUNCTION)
  return front * continuedFraction(x)
}

/** B(0.6, 0.6) = Gamma(0.6)^2 / Gamma(1.2). */
const BETA_FUNCTION = 1.489_192_248_812_817 ** 2 / 0.918_168_742_399_760_6

function continuedFraction(x: number): number {
  const tiny = 1e-300
  let c = 1
  let d = 1 / (1 - (2 * SHAPE * x) / (SHAPE + 1))
  let value = d
  for (let m = 1; m < 300; m += 1) {
    const even = (m * (SHAPE - m) * x) / ((SHAPE + 2 * m - 1) * (SHAPE + 2 * m))
    d = 1 / (1 + even * d || tiny)
    c = 1 + even / c || tiny
    value *= d * c
    const odd = (-(SHAPE + m) * (2 * SHAPE + m) * x) / ((SHAPE + 2 * m) * (SHAPE + 2 * m + 1))
    d = 1 / (1 + odd * d || tiny)
    c = 1 + odd / c || tiny
    value *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return value
}
