import { describe, expect, it } from 'vitest'
import { comparePictureBytes } from './compare-pictures.ts'
import { compareCase, compareValues, isFailure, toTable } from './report.ts'

describe('compareValues', () => {
  const within = (tolerance: number) => () => tolerance

  it('gives the largest error as a share of the tolerance', () => {
    expect(compareValues([1, 2.5, 3], [1, 2, 3.1], within(0.5))).toBe(1)
    expect(compareValues([0, 10], [0, 8], (expected) => expected / 2)).toBe(0.5)
    expect(compareValues([], [], within(1))).toBe(0)
  })

  it('takes what cannot be subtracted as equal only where it is the same', () => {
    expect(compareValues([NaN, Infinity], [NaN, Infinity], within(1))).toBe(0)
    expect(compareValues([Infinity], [-Infinity], within(1))).toBe(Infinity)
    expect(compareValues([NaN, 0], [1, 0], within(1))).toBe(Infinity)
    expect(compareValues([1], [NaN], within(1))).toBe(Infinity)
  })

  it('does not forgive a value too many or too few', () => {
    expect(compareValues([1, 2], [1], within(9))).toBe(Infinity)
    expect(compareValues([1], [1, 2], within(9))).toBe(Infinity)
  })

  it('lets nothing pass where no difference is allowed', () => {
    expect(compareValues([1], [1], within(0))).toBe(0)
    expect(compareValues([1.0001], [1], within(0))).toBe(Infinity)
  })
})

describe('comparePictureBytes', () => {
  const flat = new Uint8Array(100).fill(7)
  const withChanges = (count: number, by: number) => flat.map((value, i) => (i < count ? value + by : value))

  it('lets two bytes of a hundred be off by one', () => {
    expect(comparePictureBytes(flat, flat)).toBe(0)
    expect(comparePictureBytes(withChanges(1, -1), flat)).toBe(0.5)
    expect(comparePictureBytes(withChanges(2, 1), flat)).toBe(1)
    expect(comparePictureBytes(withChanges(3, 1), flat)).toBeGreaterThan(1)
  })

  it('lets none be off by two, and no other size pass', () => {
    expect(comparePictureBytes(withChanges(1, 2), flat)).toBe(Infinity)
    expect(comparePictureBytes(flat.slice(1), flat)).toBe(Infinity)
  })

  it('does not take what is no number for a match', () => {
    expect(comparePictureBytes([NaN, 1], [0, 1])).toBe(Infinity)
  })
})

describe('toTable', () => {
  it('counts the cases of a group, and says why those outside the tolerance are known', () => {
    const table = toTable('Things', [
      { group: 'a', name: 'one', error: 0.25 },
      { group: 'b', name: 'two', error: 3, exception: 'not tried yet' },
      { group: 'a', name: 'three', error: 0.5 },
      { group: 'b', name: 'four', error: Infinity, exception: 'not tried yet' },
      { group: 'b', name: 'five', error: NaN },
    ])
    expect(table.split('\n')).toEqual([
      '## Things',
      '',
      '| Group | Cases | Passed | Worst | Exceptions |',
      '|---|---|---|---|---|',
      '| a | 2 | 2 | 0.50 |  |',
      '| b | 3 | 0 | 0.0 | 2 x not tried yet; 1 x five differs |',
      '',
    ])
  })
})

describe('isFailure', () => {
  const named = { group: 'a', name: 'x' }

  it.each([
    [1, false],
    [1.01, true],
    [NaN, true],
    [Infinity, true],
  ])('an error of %d: %s', (error, fails) => {
    expect(isFailure({ ...named, error })).toBe(fails)
    expect(isFailure({ ...named, error, exception: 'known' })).toBe(false)
  })
})

describe('compareCase', () => {
  it('counts what is thrown as a failure, unless it is expected', async () => {
    const fail = () => Promise.reject(new TypeError('no such sampler'))
    const thrown = await compareCase('a', 'x', fail)
    expect(thrown).toEqual({ group: 'a', name: 'x (TypeError: no such sampler)', error: Infinity })
    expect(isFailure(thrown)).toBe(true)
    const expected = await compareCase('a', 'x', fail, ({ message }) => `known: ${message}`)
    expect(expected.exception).toBe('known: no such sampler')
    expect(await compareCase('a', 'y', () => 0.5)).toEqual({ group: 'a', name: 'y', error: 0.5 })
  })
})
