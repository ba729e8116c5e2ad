import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { formatExactJson, parseExactJson, toPythonRepr } from './index.ts'

type Row = readonly [text: string, dumped: string, shown: string]

// Printed by CPython 3.11: a text, and json.dumps and repr of what json.loads makes of it.
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/python-values.json', import.meta.url), 'utf8'),
) as Row[]

describe('parseExactJson', () => {
  it.each(recorded)('reads %j as Python does', (text, dumped, shown) => {
    const value = parseExactJson(text)
    expect(formatExactJson(value)).toBe(dumped)
    expect(toPythonRepr(value)).toBe(shown)
  })

  it('reads an integer of as many digits as Python takes, its sign not counted', () => {
    const longest = '9'.repeat(4300)
    expect([parseExactJson(longest), parseExactJson(`-${longest}`)]).toEqual([
      BigInt(longest),
      -BigInt(longest),
    ])
    expect(() => parseExactJson(`-${longest}9`)).toThrow(/longer than 4300 digits/)
  })

  it('reads as many values as the limit', () => {
    const listOf = (count: number) => `[${'0,'.repeat(count - 2)}0]`
    expect(() => parseExactJson(listOf(300_000))).not.toThrow()
    expect(() => parseExactJson(listOf(300_001))).toThrow(/more than 300000 values/)
  })

  it('reads strings of escapes alone, whose quotes and backslashes are escaped', () => {
    const text = '\\"\ud83d\n'.repeat(50_000)
    expect(parseExactJson(`["${'\\\\\\"\\ud83d\\n'.repeat(50_000)}","\\\\"]`)).toEqual([text, '\\'])
  })

  it('reads text that nests exactly as deep as the limit', () => {
    expect(() => parseExactJson('['.repeat(900) + ']'.repeat(900))).not.toThrow()
    expect(() => parseExactJson('['.repeat(901) + ']'.repeat(901))).toThrow(/nesting deeper than 900/)
    // Depth is of what is open, not of what there was.
    expect(() => parseExactJson(`[${'[],'.repeat(2000)}[]]`)).not.toThrow()
  })

  it.each(['\u00a0{}', '{}\u2028', '\v1', '\f1', '\u00851'])(
    'takes no other blanks around %j than JSON has',
    (text) => {
      expect(() => parseExactJson(text)).toThrow(SyntaxError)
    },
  )

  it.each([
    ['[1, }', 4],
    ['{"a": 1 "b"', 8],
    ['"ab\\q"', 3],
    ['"ab\n"', 3],
    ['[1] 2', 4],
    ['"\\u00e', 1],
    ['["a\\"]', 6],
    [`"\\q${'a'.repeat(70_000)}"`, 1],
    [`"${'\\n'.repeat(70_000)}\\q"`, 65_537],
  ])('says at which character of %j it stopped understanding', (text, at) => {
    expect(() => parseExactJson(text)).toThrow(`at character ${at}`)
  })
})
