import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { timeEach, toQuantiles } from '../gateway/quantiles.ts'
import { median, quantile, round, toPsnr } from './statistics.ts'

const measurements = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 })
const share = fc.double({ min: 0, max: 1, noNaN: true })

describe('quantile', () => {
  it('is one of the measurements that at least its share do not exceed, and none smaller would do', () => {
    fc.assert(
      fc.property(measurements, share, (values, at) => {
        const found = quantile(values, at)
        expect(values).toContain(found)
        expect(values.filter((value) => value <= found).length).toBeGreaterThanOrEqual(at * values.length)
        expect(values.filter((value) => value < found).length).toBeLessThanOrEqual(at * values.length)
      }),
    )
  })

  it('leaves the measurements as they were, and orders them as numbers', () => {
    const values = [10, 9, 100, 1]
    expect([quantile(values, 0), quantile(values, 1), median(values)]).toEqual([1, 100, 10])
    expect(values).toEqual([10, 9, 100, 1])
  })

  it('is no number where nothing was measured', () => expect(median([])).toBeNaN())
})

describe('toQuantiles', () => {
  it('agrees with the quantiles of one at a time, to a microsecond', () => {
    fc.assert(
      fc.property(measurements, (values) => {
        const { p50, p95, p99, max } = toQuantiles(values)
        const exact = [0.5, 0.95, 0.99, 1].map((at) => quantile(values, at))
        for (const [i, value] of [p50, p95, p99, max].entries())
          expect(Math.abs(value - exact[i]!)).toBeLessThanOrEqual(0.0005 + 1e-9)
        expect(max).toBeGreaterThanOrEqual(p99)
      }),
    )
  })

  it('counts from many', () => {
    const values = Array.from({ length: 1000 }, (_, i) => 999 - i)
    expect(toQuantiles(values)).toEqual({ p50: 500, p95: 950, p99: 990, max: 999 })
  })
})

describe('timeEach', () => {
  it('does every number once, so many at a time', async () => {
    const [done, now] = [[] as number[], { running: 0, most: 0 }]
    const { durations } = await timeEach(7, 3, async (index) => {
      now.most = Math.max(now.most, (now.running += 1))
      await Promise.resolve()
      now.running -= 1
      done.push(index)
    })
    expect(done.sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(durations).toHaveLength(7)
    expect(now.most).toBe(3)
  })

  it('fails as its work does', async () => {
    await expect(timeEach(2, 1, () => Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  })
})

describe('toPsnr', () => {
  it('is what the formula gives for a picture off by one everywhere: 20 log10(255) dB', () => {
    const a = new Uint8Array(64).fill(100)
    expect(toPsnr(a, a)).toBe(Infinity)
    expect(
      toPsnr(
        a,
        a.map((value) => value + 1),
      ),
    ).toBeCloseTo(48.1308, 4)
    expect(toPsnr(new Uint8Array(4), new Uint8Array(4).fill(255))).toBeCloseTo(0, 12)
  })
})

it('rounds to four digits', () => expect([round(1.00005), round(0.12344)]).toEqual([1.0001, 0.1234]))
