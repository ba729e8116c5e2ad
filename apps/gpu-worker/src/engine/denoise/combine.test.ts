import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { combine, createRowJoiner, joinRows, scale, sliceRows, type Term } from './combine.ts'

const values = (length: number) =>
  fc
    .array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: length, maxLength: length })
    .map((list) => createTensor([length], Float32Array.from(list)))
const factor = fc.double({ min: -20, max: 20, noNaN: true })

describe('combine', () => {
  it('sums in double precision and rounds once, however many terms there are', () => {
    const terms = fc.array(fc.tuple(factor, values(5)), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(terms, (list) => {
        const expected = Float32Array.from({ length: 5 }, (_, i) =>
          list.reduce((sum, [weight, tensor]) => sum + weight * tensor.data[i]!, 0),
        )
        // A zero's sign is no matter: adding zero takes it away.
        const actual = combine(...(list as Term[])).data.map((value) => value + 0)
        expect([...actual]).toEqual([...expected.map((value) => value + 0)])
      }),
    )
  })

  it('leaves its terms as they are', () => {
    const [x, y] = [createTensor([2], Float32Array.of(1, 2)), createTensor([2], Float32Array.of(3, 4))]
    combine([2, x], [3, y])
    scale(5, x)
    expect([...x.data, ...y.data]).toEqual([1, 2, 3, 4])
  })
})

describe('rows', () => {
  const rows = (first: number, count: number) =>
    createTensor(
      [count, 2],
      Float32Array.from({ length: 2 * count }, (_, i) => first + Math.floor(i / 2)),
    )

  it('are joined one after the other, the last repeated up to a number', () => {
    expect([...joinRows([rows(0, 2), rows(2, 1)]).data]).toEqual([0, 0, 1, 1, 2, 2])
    const filled = joinRows([rows(0, 2), rows(2, 1)], 5)
    expect(filled.shape).toEqual([5, 2])
    expect([...filled.data]).toEqual([0, 0, 1, 1, 2, 2, 2, 2, 2, 2])
    expect(joinRows([rows(0, 3)], 2).shape).toEqual([3, 2])
  })

  it('are cut out as they were joined', () => {
    const joined = joinRows([rows(0, 2), rows(2, 3)])
    expect([...sliceRows(joined, 1, 4).data]).toEqual([1, 1, 2, 2, 3, 3])
  })

  it('that were joined before are the same tensor, until others have come', () => {
    const join = createRowJoiner(2)
    const [a, b, c] = [rows(0, 1), rows(1, 1), rows(2, 1)]
    const joined = join([a, b])
    expect([...joined.data]).toEqual([0, 0, 1, 1])
    expect(join([a, b])).toBe(joined)
    expect([...join([b, a]).data]).toEqual([1, 1, 0, 0])
    expect(join([a, b], 4).shape).toEqual([4, 2])
    expect([...join([a, b, c]).data]).toEqual([0, 0, 1, 1, 2, 2])
    expect(join([a, b])).not.toBe(joined)
    expect(join([a, b])).toEqual(joined)
  })
})
