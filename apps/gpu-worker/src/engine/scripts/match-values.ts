/** Values and how many of all are no larger, as a share. */
interface Distribution {
  readonly values: readonly number[]
  readonly quantiles: readonly number[]
}

/**
 * Gives values the distribution of others: each becomes the other value at its quantile, interpolated between those that
 * occur (scikit-image's match_histograms for one channel of fractions).
 */
export function matchValues(own: Float64Array, wanted: Float64Array): Float64Array {
  const from = distribute(own)
  const to = distribute(wanted)
  const matched = new Map(
    from.values.map((value, i) => [value, interpolate(from.quantiles[i]!, to)] as const),
  )
  return own.map((value) => matched.get(value)!)
}

function distribute(values: Float64Array): Distribution {
  const sorted = Float64Array.from(values).sort()
  const distinct: number[] = []
  const quantiles: number[] = []
  for (const [at, value] of sorted.entries()) {
    if (distinct.at(-1) !== value) distinct.push(value)
    quantiles[distinct.length - 1] = (at + 1) / sorted.length
  }
  return { values: distinct, quantiles }
}

function interpolate(quantile: number, { values, quantiles }: Distribution): number {
  let [low, high] = [0, quantiles.length - 1]
  if (quantile <= quantiles[0]!) return values[0]!
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (quantiles[middle]! < quantile) low = middle
    else high = middle
  }
  const span = quantiles[high]! - quantiles[low]!
  const share = span === 0 ? 0 : (quantile - quantiles[low]!) / span
  return values[low]! + share * (values[high]! - values[low]!)
}
