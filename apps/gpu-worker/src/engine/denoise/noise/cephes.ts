// Logarithm, sine and cosine of f32 numbers by the polynomials of Cephes (Moshier 1984), with every operation rounded
// where torch's vector code rounds it: noise equal to the last bit, where the system's functions differ in a place or two.
// Drawing noise is most of what a Brownian sampler costs the CPU, so the polynomials are written out.

const f32 = Math.fround
const bits = new Int32Array(1)
const float = new Float32Array(bits.buffer)

const [L0, L1, L2, L3, L4, L5, L6, L7, L8] = [
  7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1, -1.6668057665e-1,
  2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
].map(f32) as [number, number, number, number, number, number, number, number, number]
/** ln 2 in two parts. */
const [LN2_LOW, LN2_HIGH] = [f32(-2.1219444e-4), f32(0.693359375)]
const SQRT_HALF = f32(Math.SQRT1_2)
const SMALLEST_NORMAL = 2 ** -126

/** Natural logarithm of a positive f32; of zero, that of the smallest normal number. */
export function logFloat(value: number): number {
  float[0] = value < SMALLEST_NORMAL ? SMALLEST_NORMAL : value
  const word = bits[0]!
  let exponent = (word >> 23) - 126
  bits[0] = (word & 0x007fffff) | 0x3f000000
  const mantissa = float[0]
  let x = f32(mantissa - 1)
  if (mantissa < SQRT_HALF) {
    exponent -= 1
    x = f32(x + mantissa)
  }
  const square = f32(x * x)
  // One rounding for each product with its sum.
  let series = f32(L0 * x + L1)
  series = f32(series * x + L2)
  series = f32(series * x + L3)
  series = f32(series * x + L4)
  series = f32(series * x + L5)
  series = f32(series * x + L6)
  series = f32(series * x + L7)
  series = f32(series * x + L8)
  series = f32(f32(series * x) * square + f32(exponent * LN2_LOW))
  return f32(exponent * LN2_HIGH + f32(x + f32(series - square * 0.5)))
}

const [C0, C1, C2] = [2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2].map(f32) as Triple
const [S0, S1, S2] = [-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1].map(f32) as Triple
/** A quarter of pi in three parts, negative. */
const [Q0, Q1, Q2] = [-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8].map(f32) as Triple
const FOUR_OVER_PI = f32(4 / Math.PI)

type Triple = [number, number, number]

/** Writes sine and cosine of an f32 angle from 0 to a few turns into the first two places of `into`. */
export function sinCosFloat(angle: number, into: Float32Array): void {
  const octant = (Math.trunc(f32(angle * FOUR_OVER_PI)) + 1) & ~1
  const x = f32(octant * Q2 + f32(octant * Q1 + f32(octant * Q0 + angle)))
  const square = f32(x * x)
  const curve = f32(f32(f32(C0 * square + C1) * square + C2) * square)
  const cosine = f32(f32(curve * square - square * 0.5) + 1)
  const slope = f32(f32(f32(S0 * square + S1) * square + S2) * square)
  const sine = f32(slope * x + x)
  const isSwapped = (octant & 2) !== 0
  const ofSine = isSwapped ? cosine : sine
  const ofCosine = isSwapped ? sine : cosine
  into[0] = (octant & 4) !== 0 ? -ofSine : ofSine
  into[1] = ((octant - 2) & 4) !== 0 ? ofCosine : -ofCosine
}
