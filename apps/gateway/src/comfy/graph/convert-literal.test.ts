import type { ExactValue } from '@atelier/catalog/exact-json'
import { describe, expect, it } from 'vitest'
import { convertLiteral, isTruthy, unwrapLiteral } from './convert-literal.ts'
import { PythonError } from './python-error.ts'

const dict = (...entries: [string, ExactValue][]): ExactValue => new Map(entries)

// Results and messages are those of CPython 3.11.
describe('convertLiteral', () => {
  it('reads a million digits, or blanks, as quickly as any', () => {
    const digits = '1'.repeat(1_000_000)
    expect(convertLiteral('FLOAT', digits)).toBe(Infinity)
    expect(() => convertLiteral('FLOAT', `${digits}x`)).toThrow(PythonError)
    expect(() => convertLiteral('FLOAT', `${' '.repeat(1_000_000)}1${' '.repeat(1_000_000)}x`)).toThrow(
      PythonError,
    )
    expect(() => convertLiteral('INT', digits)).toThrow(PythonError)
  })

  it.each<[string, string, ExactValue, ExactValue]>([
    ['keeps an integer', 'INT', 5n, 5n],
    ['cuts a float', 'INT', 5.9, 5n],
    ['cuts a negative float towards zero', 'INT', -5.9, -5n],
    ['counts true', 'INT', true, 1n],
    ['reads digits between blanks', 'INT', ' \t+1_000\n', 1000n],
    ['reads all digits of a seed', 'INT', '18446744073709551615', 18446744073709551615n],
    ['widens an integer', 'FLOAT', 8n, 8],
    ['reads a decimal text', 'FLOAT', ' 7.5 ', 7.5],
    ['reads an exponent', 'FLOAT', '1e-3', 0.001],
    ['reads a point without digits before it', 'FLOAT', '.5', 0.5],
    ['reads infinity by name', 'FLOAT', '-Infinity', -Infinity],
    ['reads nan by name', 'FLOAT', 'NaN', NaN],
    ['shows an integer', 'STRING', 123n, '123'],
    ['shows a float', 'STRING', 8, '8.0'],
    ['shows nothing', 'STRING', null, 'None'],
    ['shows a dict', 'STRING', dict(['a', 1n]), "{'a': 1}"],
    ['takes any text for true', 'BOOLEAN', 'false', true],
    ['takes an empty text for false', 'BOOLEAN', '', false],
    ['leaves other types alone', 'MODEL', 'x', 'x'],
  ])('%s (%s)', (_what, type, value, converted) => {
    expect(convertLiteral(type, value)).toEqual(converted)
  })

  it.each<[string, ExactValue, string, string]>([
    ['INT', 'abc', 'ValueError', "invalid literal for int() with base 10: 'abc'"],
    ['INT', '1e3', 'ValueError', "invalid literal for int() with base 10: '1e3'"],
    ['INT', '1__0', 'ValueError', "invalid literal for int() with base 10: '1__0'"],
    ['INT', "it's", 'ValueError', 'invalid literal for int() with base 10: "it\'s"'],
    ['INT', NaN, 'ValueError', 'cannot convert float NaN to integer'],
    ['INT', Infinity, 'OverflowError', 'cannot convert float infinity to integer'],
    [
      'INT',
      null,
      'TypeError',
      "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'",
    ],
    ['FLOAT', '', 'ValueError', "could not convert string to float: ''"],
    ['FLOAT', '1.2.3', 'ValueError', "could not convert string to float: '1.2.3'"],
    ['FLOAT', 10n ** 400n, 'OverflowError', 'int too large to convert to float'],
    ['FLOAT', dict(), 'TypeError', "float() argument must be a string or a real number, not 'dict'"],
  ])('refuses for %s what Python refuses (case %#)', (type, value, pythonType, message) => {
    const attempt = () => convertLiteral(type, value)
    expect(attempt).toThrow(PythonError)
    expect(attempt).toThrow(expect.objectContaining({ pythonType, message }) as Error)
  })

  it('refuses integers without end', () => {
    expect(() => convertLiteral('INT', '1'.repeat(5000))).toThrow('Exceeds the limit (4300 digits)')
  })
})

describe('unwrapLiteral', () => {
  it('takes a list out of its wrapper', () => {
    expect(unwrapLiteral(dict(['__value__', [1n]]))).toEqual([1n])
  })

  it('leaves other values alone', () => {
    expect(unwrapLiteral(dict(['value', 1n]))).toEqual(dict(['value', 1n]))
    expect(unwrapLiteral('x')).toBe('x')
  })
})

describe('isTruthy', () => {
  it.each<[ExactValue | undefined, boolean]>([
    [undefined, false],
    [null, false],
    [0n, false],
    [0, false],
    [NaN, true],
    ['', false],
    ['0', true],
    [[], false],
    [[0n], true],
    [new Map(), false],
    [dict(['a', null]), true],
  ])('case %#', (value, truth) => {
    expect(isTruthy(value)).toBe(truth)
  })
})
