import { readFileSync } from 'node:fs'
import { parseExactJson } from '@atelier/catalog/exact-json'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeJsonFault } from './json-fault.ts'

type Row = readonly [text: string, message: string, position: number, line: number, column: number]

// Printed by json.loads of CPython 3.11 (whose texts are those of 3.10): text, message, position, line, column.
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/python-json-faults.json', import.meta.url), 'utf8'),
) as Row[]

describe('describeJsonFault', () => {
  it.each(recorded)('tells of %j what Python does: %s', (...row) => {
    const [text, message, position, line, column] = row
    expect(describeJsonFault(text)).toEqual({
      location: ['body', position],
      message: `${message}: line ${line} column ${column} (char ${position})`,
      type: 'value_error.jsondecode',
      context: new Map<string, unknown>([
        ['msg', message],
        ['doc', text],
        ['pos', BigInt(position)],
        ['lineno', BigInt(line)],
        ['colno', BigInt(column)],
      ]),
    })
  })

  it('has nothing to tell of text that nests too deep to be looked into', () => {
    expect(describeJsonFault('['.repeat(901))).toBeUndefined()
    expect(describeJsonFault('['.repeat(900))?.message).toMatch(/^Expecting value: .* \(char 900\)$/)
  })

  it('finds a fault exactly where the parser does not understand the text', () => {
    const piece = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        ' ',
        '\n',
        '"',
        '"a"',
        '"\\u00e9"',
        '\\',
        '0',
        '-',
        '1.5',
        'e9',
        'NaN',
      ],
      ...['true', 'null', '-Infinity', '😀', '\t', '\u0001'],
    )
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
    const isUnderstood = (candidate: string): boolean => {
      try {
        parseExactJson(candidate)
        return true
      } catch {
        return false
      }
    }
    fc.assert(
      fc.property(fc.oneof(text, fc.json({ maxDepth: 2 })), (candidate) => {
        expect(describeJsonFault(candidate) === undefined).toBe(isUnderstood(candidate))
      }),
      { numRuns: 1000 },
    )
  })
})
