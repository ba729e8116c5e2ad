import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { solveLinear } from './solve-linear.ts'

describe('solveLinear', () => {
  it('solves a system whose first pivot is zero', () => {
    const solution = solveLinear(
      [
        [0, 2],
        [1, 1],
      ],
      [4, 5],
    )
    expect(solution).toEqual([3, 2])
  })

  it('finds the numbers a system was made of', () => {
    const number = fc.double({ min: -10, max: 10, noNaN: true })
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 5 }), (wanted) => {
        // Powers of different nodes: never singular.
        const rows = wanted.map((_, power) => wanted.map((_, node) => (node + 1) ** power))
        const right = rows.map((row) => row.reduce((sum, value, k) => sum + value * wanted[k]!, 0))
        const solution = solveLinear(rows, right)
        wanted.forEach((value, k) => expect(solution[k]).toBeCloseTo(value, 8))
      }),
    )
  })
})
