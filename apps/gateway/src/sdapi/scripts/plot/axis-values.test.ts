import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { joinValues, readValues, splitValues } from './axis-values.ts'
import { listAxes, listAxisLabels } from './axes.ts'
import { orderCells } from './order-cells.ts'

const axis = (label: string) => listAxes(false).find((one) => one.label === label)!

// Values as A1111 1.10's script reads them.
describe('values of a plot’s axis', () => {
  it.each([
    ['Steps', '1-4', [1n, 2n, 3n, 4n]],
    ['Steps', '1-9 (+4)', [1n, 5n, 9n]],
    ['Steps', '10-0 (-5)', [10n, 5n]],
    ['Steps', '1-10 [4]', [1n, 4n, 7n, 10n]],
    ['Steps', '20, 30', [20n, 30n]],
    ['Seed', '-1', [-1n]],
    ['CFG Scale', '1-2 (+0.5)', [1, 1.5, 2]],
    ['CFG Scale', '1-2 [3]', [1, 1.5, 2]],
    ['CFG Scale', '7.5', [7.5]],
    ['Prompt S/R', 'a, "b, c" ,d', ['a', 'b, c', 'd']],
  ])('%s reads %j', (label, text, values) => {
    expect(readValues(axis(label), splitValues(text))).toEqual(values)
  })

  // Python: map(str.strip, chain.from_iterable(csv.reader(StringIO(text), skipinitialspace=True)))
  it.each([
    ['a,b', ['a', 'b']],
    ['a,,b,', ['a', '', 'b', '']],
    ['a "b", c', ['a "b"', 'c']],
    ['a\nb,c\n\n', ['a', 'b', 'c']],
    ['"two\nlines",x', ['two\nlines', 'x']],
    ['a, "b, c" ,d', ['a', 'b, c', 'd']],
    ['', []],
    ['  ', ['']],
  ])('splits %j', (text, values) => {
    expect(splitValues(text)).toEqual(values)
  })

  it('puts words in every order, the first ones first', () => {
    expect(readValues(axis('Prompt order'), ['a', 'b', 'c'])).toEqual([
      ['a', 'b', 'c'],
      ['a', 'c', 'b'],
      ['b', 'a', 'c'],
      ['b', 'c', 'a'],
      ['c', 'a', 'b'],
      ['c', 'b', 'a'],
    ])
  })

  it('writes lists as lines of CSV', () => {
    expect(joinValues(['Euler a', 'x, y', 'say "so"'])).toBe('Euler a,"x, y","say ""so"""')
  })

  it('refuses steps of nothing and too many orders', () => {
    expect(() => readValues(axis('Steps'), ['1-4 (+0)'])).toThrow()
    expect(() => readValues(axis('Prompt order'), [...'abcdefgh'])).toThrow()
  })
})

describe('axes of a plot', () => {
  it('belong to their routes', () => {
    expect(listAxisLabels(false)).toContain('Hires upscaler')
    expect(listAxisLabels(true)).not.toContain('Hires upscaler')
    expect(listAxisLabels(true)).toContain('Image CFG Scale')
    expect(listAxisLabels(false).indexOf('Steps')).toBe(4)
  })

  it('change least often where they are slow', () => {
    const inOrder = (costs: [number, number, number]) =>
      orderCells([2, 2, 1], costs).map(({ index }) => index)
    expect(inOrder([0, 0, 0])).toEqual([0, 1, 2, 3])
    expect(inOrder([1, 0, 0])).toEqual([0, 2, 1, 3])
    expect(inOrder([0, 1, 0])).toEqual([0, 1, 2, 3])
  })
})

// Python's csv module, and A1111's ranges by NumPy 1.26's arange and linspace, rounding errors included: they are told.
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/python-values.json', import.meta.url), 'utf8'),
) as {
  readonly ranges: readonly [type: 'integer' | 'float', text: string, values: readonly number[]][]
  readonly split: readonly [text: string, values: readonly string[]][]
  readonly joined: readonly [values: readonly string[], text: string][]
}

describe('values as Python has them', () => {
  it.each(recorded.ranges)('%s %j: %j', (type, text, values) => {
    const read = readValues(axis(type === 'integer' ? 'Steps' : 'CFG Scale'), [text])
    expect(read).toEqual(type === 'integer' ? values.map(BigInt) : values)
  })

  it.each(recorded.split)('%j is split into %j', (text, values) => {
    expect(splitValues(text)).toEqual(values)
  })

  it.each(recorded.joined)('%j are joined to %j', (values, text) => {
    expect(joinValues(values)).toBe(text)
  })
})
