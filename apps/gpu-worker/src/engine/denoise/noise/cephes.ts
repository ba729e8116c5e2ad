// Logarithm, sine and cosine of f32 numbers by the polynomials of Cephes (Moshier 1984), with every operation rounded
// where torch's vector code rounds it: noise equal to the last bit, where the system's functions differ in a place or two.

const f32 = Math.fround
const view = new DataView(new ArrayBuffer(4))

/** `a * b + c` with one rounding. */
function fuse(a: number, b: number, c: number): number {
  return f32(a * b + c)
}

function evaluate(coefficients: readonly number[], x: number): number {
  let value = coefficients[0]!
  for (let i = 1; i < coefficients.length; i += 1) value = fuse(value, x, coefficients[i]!)
  return value
}

const LOG = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(f32)
/** ln 2 in two parts. */
const [LN2_LOW, LN2_HIGH] = [f32(-2.1219444e-4), f32(0.693359375)]
const SQRT_HALF = f32(Math.SQRT1_2)
const SMALLEST_NORMAL = 2 ** -126

/** Natural logarithm of a positive f32. */
export function logFloat(value: number): number {
  view.setFloat32(0, Math.max(value, SMALLEST_NORMAL))
  const bits = view.getInt32(0)
  let exponent = (bits >> 23) - 126
  view.setInt32(0, (bits & 0x007fffff) | 0x3f000000)
  const mantissa = view.getFloat32(0)
  let x = f32(mantissa - 1)
  if (mantissa < SQRT_HALF) {
    exponent -= 1
    x = f32(x + mantissa)
  }
  const square = f32(x * x)
  const series = fuse(f32(evaluate(LOG, x) * x), square, f32(exponent * LN2_LOW))
  return fuse(exponent, LN2_HIGH, f32(x + f32(series - square * 0.5)))
}

const COS = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(f32)
const SIN = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(f32)
/** A quarter of pi in three parts, negative. */
const QUARTER = [-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8].map(f32)
const FOUR_OVER_PI = f32(4 / Math.PI)

/** Sine and cosine of an f32 angle, 0 to a few turns. */
export function sinCosFloat(angle: number): readonly [sine: number, cosine: number] {
  const octant = (Math.trunc(f32(angle * FOUR_OVER_PI)) + 1) & ~1
  let x = angle
  for (const part of QUARTER) x = fuse(octant, part, x)
  const square = f32(x * x)
  const cosine = f32(f32(f32(evaluate(COS, square) * square) * square - square * 0.5) + 1)
  const sine = fuse(f32(evaluate(SIN, square) * square), x, x)
  const isSwapped = (octant & 2) !== 0
  const sineSign = (octant & 4) !== 0 ? -1 : 1
  const cosineSign = ((octant - 2) & 4) !== 0 ? 1 : -1
  return isSwapped ? [sineSign * cosine, cosineSign * sine] : [sineSign * sine, cosineSign * cosine]
}
