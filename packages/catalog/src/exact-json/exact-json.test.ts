import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  equalsInPython,
  formatExactJson,
  parseExactJson,
  toExact,
  toPlain,
  toPythonFloat,
  toPythonRepr,
  toPythonString,
  type ExactValue,
} from './index.ts'

describe('parseExactJson', () => {
  it('keeps 64-bit integers, floats that are whole and the order of number-like keys', () => {
    const value = parseExactJson('{"10": 18446744073709551615, "9": 8.0, "1": [1, -0, 1e3]}')
    expect(value).toEqual(
      new Map<string, ExactValue>([
        ['10', 18446744073709551615n],
        ['9', 8],
        ['1', [1n, 0n, 1000]],
      ]),
    )
    expect([...(value as Map<string, ExactValue>).keys()]).toEqual(['10', '9', '1'])
  })

  it('takes the bare words of Python', () => {
    expect(parseExactJson('[NaN, Infinity, -Infinity]')).toEqual([NaN, Infinity, -Infinity])
  })

  it('lets the last of equal keys win', () => {
    expect(parseExactJson('{"a": 1, "b": 2, "a": 3}')).toEqual(
      new Map([
        ['a', 3n],
        ['b', 2n],
      ]),
    )
  })

  it.each([
    '',
    ' ',
    'x',
    '{',
    '{"a" 1}',
    '{"a": 1,}',
    '[1,]',
    '[1 2]',
    '"a',
    '"\n"',
    '"\\x"',
    '"\\u12g4"',
    '01',
    '1.',
    '.5',
    '+1',
    '1 2',
    '{a: 1}',
    '\ufeff{}',
    'nul',
  ])('refuses %j and names the place', (text) => {
    expect(() => parseExactJson(text)).toThrow(/not JSON: .+ at character \d+/)
  })

  it('refuses text that nests deeper than the limit instead of exhausting the stack', () => {
    expect(() => parseExactJson('['.repeat(100_000))).toThrow(/nesting deeper than 900/)
  })

  it('refuses integers without end', () => {
    expect(() => parseExactJson('1'.repeat(5000))).toThrow(/longer than 4300 digits/)
  })

  it('reads what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.stringify(toPlain(parseExactJson(JSON.stringify(value))))).toBe(
          JSON.stringify(sortNumberKeys(value)),
        )
      }),
    )
  })
})

/** Plain objects put number-like keys first, which a map does not: compare both through a plain object. */
function sortNumberKeys(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown
}

describe('formatExactJson', () => {
  it('writes as json.dumps does', () => {
    const value = parseExactJson('{"a":[1,2.0,"é\\n/\\u007f😀"],"b":{"c":null,"d":true},"e":[],"f":{}}')
    expect(formatExactJson(value)).toBe(
      '{"a": [1, 2.0, "\\u00e9\\n/\\u007f\\ud83d\\ude00"], "b": {"c": null, "d": true}, "e": [], "f": {}}',
    )
  })

  it('round-trips every exact value', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.bigInt(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
    )
    const tree = fc.letrec<{ value: ExactValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        fc.array(tie('value')),
        fc.array(fc.tuple(fc.string(), tie('value'))).map((entries) => new Map(entries)),
      ),
    })).value
    fc.assert(
      fc.property(tree, (value) => {
        expect(parseExactJson(formatExactJson(value))).toEqual(value)
      }),
    )
  })
})

describe('toExact', () => {
  it('makes whole numbers integers and leaves undefined members out', () => {
    expect(toExact({ a: 1, b: 1.5, c: undefined, d: [new Map([['k', 2]])] })).toEqual(
      new Map<string, ExactValue>([
        ['a', 1n],
        ['b', 1.5],
        ['d', [new Map([['k', 2]])]],
      ]),
    )
  })
})

describe('toPlain', () => {
  it('keeps a key named __proto__ as data', () => {
    const plain = toPlain(parseExactJson('{"__proto__": {"polluted": true}}')) as Record<string, unknown>
    expect(Object.keys(plain)).toEqual(['__proto__'])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})

// Right-hand sides were printed by CPython 3.11.
describe('Python text', () => {
  it.each([
    [8, '8.0'],
    [0.1, '0.1'],
    [100.01, '100.01'],
    [-1, '-1.0'],
    [1e16, '1e+16'],
    [1234567890123456, '1234567890123456.0'],
    [1e22, '1e+22'],
    [0.0001, '0.0001'],
    [0.00001, '1e-05'],
    [1.5e-7, '1.5e-07'],
    [5e-324, '5e-324'],
    [-0, '-0.0'],
    [Infinity, 'inf'],
    [NaN, 'nan'],
  ])('writes the float %d as %s', (value, text) => {
    expect(toPythonFloat(value)).toBe(text)
  })

  it.each<[string, ExactValue, string]>([
    ['a string with a quote', "it's", `"it's"`],
    ['both quotes', `it's "x"`, `'it\\'s "x"'`],
    [
      'unprintable characters',
      'a\n\t\\\u0000\u00a0é中😀\ud800\u2028',
      `'a\\n\\t\\\\\\x00\\xa0é中😀\\ud800\\u2028'`,
    ],
    ['a list', [1n, 2, null, true, 'a'], "[1, 2.0, None, True, 'a']"],
    ['nested dicts', new Map<string, ExactValue>([['a', new Map()]]), "{'a': {}}"],
  ])('shows %s as repr does', (_what, value, text) => {
    expect(toPythonRepr(value)).toBe(text)
  })

  it('shows a string bare with str', () => {
    expect(toPythonString("it's")).toBe("it's")
    expect(toPythonString(['x'])).toBe("['x']")
  })
})

describe('equality in Python', () => {
  it.each<[string, string, boolean]>([
    ['true', '1', true],
    ['1', '1.0', true],
    ['false', '0.0', true],
    ['[true, {"a": 1, "b": 2}]', '[1.0, {"b": 2, "a": 1}]', true],
    ['"1"', '1', false],
    ['null', 'false', false],
    ['[]', '{}', false],
    ['{"a": 1}', '{"b": 1}', false],
    ['9007199254740993', '9007199254740992.0', false],
    ['NaN', 'NaN', false],
  ])('of %s and %s is %s', (left, right, isEqual) => {
    expect(equalsInPython(parseExactJson(left), parseExactJson(right))).toBe(isEqual)
  })
})
