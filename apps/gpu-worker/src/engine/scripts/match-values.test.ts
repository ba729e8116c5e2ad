import { describe, expect, it } from 'vitest'
import { matchValues } from './match-values.ts'

describe('matchValues', () => {
  // skimage.exposure.match_histograms of one channel.
  it('gives values those of others at their quantiles', () => {
    const matched = matchValues(Float64Array.of(0.1, 0.2, 0.2, 0.9), Float64Array.of(1, 2, 3, 4))
    expect([...matched]).toEqual([1, 3, 3, 4])
  })

  it('takes the lowest value below the first quantile, and values between those that occur', () => {
    expect([...matchValues(Float64Array.of(1, 2, 3, 4), Float64Array.of(10, 20))]).toEqual([10, 10, 15, 20])
  })

  it('keeps the order of values', () => {
    const own = Float64Array.from({ length: 50 }, (_, i) => Math.sin(i))
    const matched = matchValues(
      own,
      Float64Array.from({ length: 30 }, (_, i) => i * i),
    )
    for (let i = 1; i < 50; i += 1) {
      if (own[i]! > own[i - 1]!) expect(matched[i]).toBeGreaterThanOrEqual(matched[i - 1]!)
    }
  })
})
