import { describe, expect, it } from 'vitest'
import { createSkipRule } from './skip-unconditional.ts'

const off = { sigmaBelow: 0, skipsAll: false, earlyShare: 0, totalCalls: 10 }

describe('createSkipRule', () => {
  it('leaves nothing out by default', () => {
    const skips = createSkipRule(off)
    expect([0, 1, 2].some((call) => skips(call, 0.01) !== undefined)).toBe(false)
  })

  it('leaves every other evaluation out below a sigma', () => {
    const skips = createSkipRule({ ...off, sigmaBelow: 3 })
    expect([0, 1, 2, 3].map((call) => skips(call, 2.9))).toEqual([
      undefined,
      'low-sigma',
      undefined,
      'low-sigma',
    ])
    expect(skips(1, 3)).toBeUndefined()
  })

  it('leaves all of them out where the option says so', () => {
    const skips = createSkipRule({ ...off, sigmaBelow: 3, skipsAll: true })
    expect([0, 1].map((call) => skips(call, 2.9))).toEqual(['low-sigma', 'low-sigma'])
  })

  it('leaves the first share of the run out, its end included', () => {
    const skips = createSkipRule({ ...off, earlyShare: 0.3 })
    expect([0, 1, 2, 3, 4].map((call) => skips(call, 14))).toEqual([
      ...['early', 'early', 'early', 'early'],
      undefined,
    ])
  })
})
