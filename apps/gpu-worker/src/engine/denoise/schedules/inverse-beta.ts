/** Shape of a beta distribution; both above 0. */
export interface BetaShape {
  readonly alpha: number
  readonly beta: number
}

/** Where the beta distribution has that share of its mass below: the inverse of I_x(alpha, beta), by bisection. */
export function inverseBeta(probability: number, shape: BetaShape): number {
  if (probability <= 0) return 0
  if (probability >= 1) return 1
  if (probability === 0.5 && shape.alpha === shape.beta) return 0.5
  let [low, high] = [0, 1]
  for (let i = 0; i < 100; i += 1) {
    const middle = (low + high) / 2
    if (cumulativeBeta(middle, shape) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** I_x(alpha, beta) by its continued fraction (Numerical Recipes, 6.4). */
function cumulativeBeta(x: number, { alpha, beta }: BetaShape): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  // The fraction converges fast below the mean; above it the mirrored one does.
  if (x > (alpha + 1) / (alpha + beta + 2)) return 1 - cumulativeBeta(1 - x, { alpha: beta, beta: alpha })
  const logFront =
    alpha * Math.log(x) + beta * Math.log1p(-x) + logGamma(alpha + beta) - logGamma(alpha) - logGamma(beta)
  return (Math.exp(logFront) / alpha) * continuedFraction(x, alpha, beta)
}

const TERMS = 300

function continuedFraction(x: number, alpha: number, beta: number): number {
  const tiny = 1e-300
  let c = 1
  let d = 1 / (1 - ((alpha + beta) * x) / (alpha + 1) || tiny)
  let value = d
  for (let m = 1; m < TERMS; m += 1) {
    const even = (m * (beta - m) * x) / ((alpha + 2 * m - 1) * (alpha + 2 * m))
    d = 1 / (1 + even * d || tiny)
    c = 1 + even / c || tiny
    value *= d * c
    const odd = (-(alpha + m) * (alpha + beta + m) * x) / ((alpha + 2 * m) * (alpha + 2 * m + 1))
    d = 1 / (1 + odd * d || tiny)
    c = 1 + odd / c || tiny
    value *= d * c
    if (Math.abs(d * c - 1) < 1e-16) break
  }
  return value
}

/** Stirling's series for ln of the gamma function, its argument first raised above 15 by the recurrence. */
function logGamma(argument: number): number {
  let [x, shift] = [argument, 0]
  for (; x < 15; x += 1) shift -= Math.log(x)
  const square = 1 / (x * x)
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / x
  return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series
}
