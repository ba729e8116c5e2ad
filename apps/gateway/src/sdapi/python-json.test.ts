import { describe, expect, it } from 'vitest'
import { parseExactJson } from '@atelier/catalog/exact-json'
import { formatResponseJson, quoteJson } from './python-json.ts'

describe('formatResponseJson', () => {
  // Texts as A1111 answered them.
  it.each([
    '[{"name":"automatic","label":"Automatic","aliases":null,"default_rho":-1.0,"need_inner_model":false}]',
    `{"error":"HTTPException","detail":"Script 'ñ猫' not found","body":"","errors":""}`,
    'null',
    '{}',
    '{"a":[1,2.5,1e-07],"b":"\\"\\\\\\n"}',
  ])('writes %s again as it was', (text) => {
    expect(formatResponseJson(parseExactJson(text))).toBe(text)
  })

  it('writes numbers that JSON cannot hold as null', () => {
    expect(formatResponseJson([NaN, Infinity, -Infinity])).toBe('[null,null,null]')
  })
})

describe('quoteJson', () => {
  it('escapes quotes and controls and keeps the rest', () => {
    expect(quoteJson('é"\\\n\u0001😀')).toBe('"é\\"\\\\\\n\\u0001😀"')
  })
})
