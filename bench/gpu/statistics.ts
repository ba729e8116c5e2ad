/** The middle one of several measurements. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value a share of the measurements does not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** To a tenth of a millisecond, or four digits of anything else. */
export function round(value: number): number {
  return Number(value.toFixed(4))
}

/** Peak signal-to-noise ratio of two pictures of bytes, decibels; Infinity for equal ones. */
export function toPsnr(a: Uint8Array, b: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i += 1) sum += (a[i]! - b[i]!) ** 2
  return sum === 0 ? Infinity : 10 * Math.log10(255 ** 2 / (sum / a.length))
}
