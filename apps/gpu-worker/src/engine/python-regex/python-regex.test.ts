import { describe, expect, it } from 'vitest'
import { readCases } from '../test-kit.ts'
import { expandTemplate } from './expand-template.ts'
import { findMatches } from './find-matches.ts'
import { PatternError } from './pattern-error.ts'

/** What Python 3.11's `re` finds, and what its `sub` makes of a text; `replaced` null where the template is none. */
interface Case {
  readonly pattern: string
  readonly text: string
  readonly flags: readonly [ignoresCase: boolean, isMultiline: boolean, isDotAll: boolean]
  readonly replace: string
  readonly error?: boolean
  readonly found?: readonly (readonly (string | null)[])[]
  readonly replaced?: string | null
}

const cases = readCases<Case>(new URL('__fixtures__/python-3.11.jsonl', import.meta.url))

const search = ({ pattern, text, flags: [ignoresCase, isMultiline, isDotAll] }: Case) =>
  findMatches({ pattern, text, flags: { ignoresCase, isMultiline, isDotAll } })

describe('regular expressions find what Python’s find', () => {
  it.each(cases.filter(({ found }) => found))('$pattern in $text', (row) => {
    const found = search(row).map(({ groups }) => groups.map((group) => group ?? null))
    expect(found).toEqual(row.found)
  })

  it.each(cases.filter(({ error }) => error))('$pattern is none', (row) => {
    expect(() => search(row)).toThrow(PatternError)
  })

  it.each(cases.filter(({ found, replaced }) => (found?.length ?? 0) > 0 && replaced !== undefined))(
    '$pattern becomes $replace in $text',
    (row) => {
      const replace = () => {
        let [made, at] = ['', 0]
        for (const match of search(row)) {
          made += row.text.slice(at, match.start) + expandTemplate(row.replace, match)
          at = match.end
        }
        return made + row.text.slice(at)
      }
      if (row.replaced === null) expect(replace).toThrow(PatternError)
      else expect(replace()).toBe(row.replaced)
    },
  )
})

describe('a search', () => {
  const flags = { ignoresCase: false, isMultiline: false, isDotAll: false }

  it('that would take years ends with an error', () => {
    const text = `${'a'.repeat(60)}!`
    expect(() => findMatches({ pattern: '(a+)+$', flags, text })).toThrow(/too long/)
  })

  it('stops at its limit', () => {
    expect(findMatches({ pattern: 'a', flags, text: 'aaa' }, 2)).toHaveLength(2)
  })

  it.each(['(?>a)', 'a++', '(a)?(?(1)b|c)', '(?i:a)'])('for %s says that it is not supported', (pattern) => {
    expect(() => findMatches({ pattern, flags, text: 'a' })).toThrow(/not supported/)
  })
})
