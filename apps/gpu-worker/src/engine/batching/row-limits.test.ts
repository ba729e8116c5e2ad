import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RowLimits } from './row-limits.ts'

/** Calls with as many rows as may join, of requests of two rows, on a device whose call takes `cost` seconds. */
function settle(
  limits: RowLimits,
  cost: (rows: number) => number,
  { calls = 30, company = 64 } = {},
): number {
  let rows = 2
  for (let call = 0; call < calls; call += 1) {
    rows = Math.min(company, Math.max(2, 2 * Math.floor(limits.limitOf('unet') / 2)))
    limits.record('unet', rows, cost(rows))
  }
  return rows
}

describe('RowLimits', () => {
  it('lets nothing join before a call has been measured; the first one warms up', () => {
    const limits = new RowLimits()
    expect(limits.limitOf('unet')).toBe(0)
    limits.record('unet', 2, 9)
    expect(limits.limitOf('unet')).toBe(0)
    limits.record('unet', 2, 1)
    expect(limits.limitOf('unet')).toBe(4)
  })

  it('joins more and more rows where a call costs the same whatever it holds', () => {
    expect(settle(new RowLimits(), () => 1)).toBe(64)
  })

  it('lets requests take turns where a row costs the same in any company', () => {
    expect(settle(new RowLimits(), (rows) => rows)).toBe(2)
  })

  it('stops where the device is full', () => {
    // A device that takes 8 rows at once: 2.3 of reference/performance.md, one H200 at 512 x 512.
    expect(settle(new RowLimits(), (rows) => 0.01 * Math.ceil(rows / 8))).toBe(8)
  })

  it('tells each curve it has measured, and none that warms up', () => {
    const told: [string, Record<string, number>][] = []
    const limits = new RowLimits({
      onMeasured: (kind, curve) => told.push([kind, Object.fromEntries(curve)]),
    })
    limits.record('unet', 2, 9)
    limits.record('unet', 2, 1)
    limits.record('unet', 4, 9)
    limits.record('unet', 4, 1.5)
    expect(told).toEqual([
      ['unet', { 2: 1 }],
      ['unet', { 2: 1, 4: 1.5 }],
    ])
  })

  it('keeps kinds apart', () => {
    const limits = new RowLimits()
    settle(limits, () => 1)
    expect(limits.limitOf('another')).toBe(0)
  })

  it('tries more rows again after a bad moment', () => {
    const limits = new RowLimits()
    let calls = 0
    const rows = settle(limits, () => (++calls < 8 && calls > 3 ? 100 : 1), { calls: 400 })
    expect(rows).toBe(64)
  })

  it('follows a device that became slower', () => {
    const limits = new RowLimits()
    settle(limits, (rows) => rows)
    expect(settle(limits, () => 100, { calls: 400 })).toBe(64)
  })

  it('never takes a limit below what one request needs for progress: it is 0 or what has been called', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            rows: fc.integer({ min: 1, max: 32 }),
            seconds: fc.double({ min: 1e-3, max: 10, noNaN: true }),
          }),
        ),
        (calls) => {
          const limits = new RowLimits()
          for (const { rows, seconds } of calls) limits.record('unet', rows, seconds)
          const limit = limits.limitOf('unet')
          const called = calls.flatMap(({ rows }) => [rows, 2 * rows])
          expect(limit === 0 || called.includes(limit)).toBe(true)
        },
      ),
    )
  })

  it('soon tries again what was measured at a bad moment', () => {
    const limits = new RowLimits()
    let calls = 0
    // The first measured call of four rows, the second of them, is held up.
    const cost = (rows: number) => (rows === 4 && (calls += 1) === 2 ? 10 : 1)
    expect(settle(limits, cost, { calls: 24 })).toBe(64)
  })
})

describe('two calls by turns', () => {
  const measure = (seconds: Readonly<Record<number, number>>, idle: number): RowLimits => {
    const limits = new RowLimits({
      recall: () => new Map(Object.entries(seconds).map(([k, v]) => [Number(k), v])),
    })
    limits.recordIdle('unet', 16, idle)
    return limits
  }

  it('are cheaper where they take less than one call and the idle time after it', () => {
    expect(measure({ 8: 5, 16: 9 }, 2).isCheaperByTurns('unet', [8, 8], 16)).toBe(true)
    expect(measure({ 8: 5, 16: 9 }, 0.5).isCheaperByTurns('unet', [8, 8], 16)).toBe(false)
    expect(measure({ 4: 2, 12: 7, 16: 9 }, 1).isCheaperByTurns('unet', [4, 12], 16)).toBe(true)
  })

  it('are not before all of it is measured', () => {
    expect(measure({ 8: 5 }, 9).isCheaperByTurns('unet', [8, 8], 16)).toBe(false)
    expect(measure({ 16: 9 }, 9).isCheaperByTurns('unet', [8, 8], 16)).toBe(false)
    const limits = new RowLimits({
      recall: () =>
        new Map([
          [8, 1],
          [16, 9],
        ]),
    })
    expect(limits.isCheaperByTurns('unet', [8, 8], 16)).toBe(false)
  })

  it('believe the least idle time, which is forgotten slowly', () => {
    const limits = measure({ 8: 5, 16: 9 }, 0.5)
    limits.recordIdle('unet', 16, 100)
    expect(limits.isCheaperByTurns('unet', [8, 8], 16)).toBe(false)
    for (let i = 0; i < 50; i += 1) limits.recordIdle('unet', 16, 2)
    expect(limits.isCheaperByTurns('unet', [8, 8], 16)).toBe(true)
  })
})
