import { readFileSync } from 'node:fs'
import { formatExactJson, parseExactJson } from '@atelier/catalog/exact-json'
import { describe, expect, it } from 'vitest'
import { COERCIONS } from './coerce.ts'
import type { FieldType } from './field.ts'

type Faults = readonly (readonly [path: readonly number[], message: string, type: string])[]
type Row =
  | readonly [type: FieldType, json: string, end: 'ok', value: string]
  | readonly [type: FieldType, json: string, end: 'no', faults: Faults]

// A model of pydantic 1.10.17 with one field: the field's type, a value, and what became of it (json.dumps).
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/pydantic-values.json', import.meta.url), 'utf8'),
) as Row[]

describe('COERCIONS', () => {
  it.each(recorded)('brings to %s %s as pydantic does: %s', (type, json, end, told) => {
    const coerced = COERCIONS[type](parseExactJson(json))
    if (end === 'ok') expect('value' in coerced && formatExactJson(coerced.value)).toBe(told)
    else
      expect(
        'faults' in coerced && coerced.faults.map((one) => [one.path ?? [], one.message, one.type]),
      ).toEqual(told)
  })

  it.each<[FieldType, string]>([
    ['integer', '"1__0"'],
    ['float', '"0x10"'],
  ])('does not take for %s what JavaScript alone would read: %s', (type, json) => {
    expect(COERCIONS[type](parseExactJson(json))).toHaveProperty('faults')
  })
})
