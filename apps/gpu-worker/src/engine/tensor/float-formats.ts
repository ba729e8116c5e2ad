/** Value of an IEEE half (1 sign, 5 exponent, 10 fraction bits). */
export function halfToFloat(bits: number): number {
  return decode(bits, { exponentBits: 5, fractionBits: 10, hasInfinity: true })
}

/** Value of an F8_E5M2 byte: a half cut to two fraction bits. */
export function float8E5m2ToFloat(bits: number): number {
  return decode(bits, { exponentBits: 5, fractionBits: 2, hasInfinity: true })
}

/** Value of an F8_E4M3 byte ("fn"): no infinities, NaN is all ones. */
export function float8E4m3ToFloat(bits: number): number {
  return decode(bits, { exponentBits: 4, fractionBits: 3, hasInfinity: false })
}

interface Layout {
  readonly exponentBits: number
  readonly fractionBits: number
  readonly hasInfinity: boolean
}

function decode(bits: number, { exponentBits, fractionBits, hasInfinity }: Layout): number {
  const sign = (bits >> (exponentBits + fractionBits)) & 1 ? -1 : 1
  const ones = (1 << exponentBits) - 1
  const exponent = (bits >> fractionBits) & ones
  const fraction = bits & ((1 << fractionBits) - 1)
  const bias = ones >> 1
  if (exponent === 0) return sign * fraction * 2 ** (1 - bias - fractionBits)
  if (exponent === ones) {
    if (hasInfinity) return fraction === 0 ? sign * Infinity : NaN
    if (fraction === (1 << fractionBits) - 1) return NaN
  }
  return sign * (1 + fraction * 2 ** -fractionBits) * 2 ** (exponent - bias)
}

/** Smallest exponent of a normal half, and the bits of its fraction. */
const HALF = { minExponent: -14, fractionBits: 10 }

/** The nearest half-precision number, ties to even; beyond 65504 without bounds. */
export function roundToHalf(value: number): number {
  if (value === 0 || !Number.isFinite(value)) return value
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), HALF.minExponent)
  const unit = 2 ** (exponent - HALF.fractionBits)
  const scaled = value / unit
  const down = Math.floor(scaled)
  const isUp = scaled - down > 0.5 || (scaled - down === 0.5 && down % 2 !== 0)
  return (isUp ? down + 1 : down) * unit
}
