import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chooseFill, toBucket } from './row-buckets.ts'

describe('toBucket', () => {
  it('gives few numbers of rows, each at least what is asked', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), (rows) => {
        const bucket = toBucket(rows)
        expect(bucket).toBeGreaterThanOrEqual(rows)
        expect(toBucket(bucket)).toBe(bucket)
        // Never twice as many, but for three rows in four.
        expect(bucket).toBeLessThan(2 * rows + (rows === 1 ? 1 : 0))
      }),
    )
    const upTo32 = new Set(Array.from({ length: 32 }, (_, i) => toBucket(i + 1)))
    expect([...upTo32]).toEqual([1, 2, 4, 6, 8, 12, 16, 24, 32])
  })
})

describe('chooseFill', () => {
  const linear = (rows: number) => rows
  const constant = () => 1

  it('takes all where they fill a bucket, or nothing is measured', () => {
    expect(chooseFill([2, 2, 2, 2], linear)).toBe(4)
    expect(chooseFill([2, 2, 2, 2, 2], () => undefined)).toBe(5)
  })

  it('leaves some to the next call where rows of nobody cost as much as others', () => {
    // Ten rows would be paid as twelve.
    expect(chooseFill([2, 2, 2, 2, 2], linear)).toBe(4)
    expect(chooseFill([2, 1], linear)).toBe(1)
  })

  it('fills up where rows cost nothing', () => {
    expect(chooseFill([2, 2, 2, 2, 2], constant)).toBe(5)
    expect(chooseFill([2, 1], constant)).toBe(2)
  })

  it('finds out what it does not know', () => {
    expect(chooseFill([2, 2, 2, 2, 2], (rows) => (rows === 12 ? undefined : rows))).toBe(5)
  })

  it('always takes the first, which waited longest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 }),
        fc.array(fc.option(fc.double({ min: 1e-4, max: 10, noNaN: true })), { minLength: 33, maxLength: 33 }),
        (requests, curve) => {
          const chosen = chooseFill(requests, (rows) => curve[rows % 33] ?? undefined)
          expect(chosen).toBeGreaterThanOrEqual(1)
          expect(chosen).toBeLessThanOrEqual(requests.length)
        },
      ),
    )
  })
})
