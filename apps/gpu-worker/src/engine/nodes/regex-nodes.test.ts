import { describe, expect, it } from 'vitest'
import { callNode, type NodeArgument } from './test-kit/call-node.ts'

const flags = { case_insensitive: true, multiline: false, dotall: false }

describe('RegexExtract', () => {
  const text = 'a1 b2\nc'
  const extract = async (mode: string, pattern: string, group_index = 1) =>
    (await callNode('RegexExtract', { string: text, regex_pattern: pattern, mode, group_index, ...flags }))[0]

  it.each<[mode: string, pattern: string, group: number, expected: string | null]>([
    ['First Match', 'B\\d', 1, 'b2'],
    ['First Match', 'x', 1, ''],
    ['All Matches', '\\w\\d', 1, 'a1\nb2'],
    ['All Matches', '(\\w)(\\d)', 1, 'a\nb'],
    ['First Group', '(\\w)(\\d)', 2, '1'],
    ['First Group', '(\\w)(\\d)', 3, ''],
    ['First Group', '(x)?a', 1, null],
    ['First Group', 'a1', 0, 'a1'],
    ['All Groups', '(\\w)(\\d)', 2, '1\n2'],
    ['All Groups', '\\w', 0, ''],
    ['All Matches', '(', 1, ''],
  ])('%s of %s, group %i', async (mode, pattern, group, expected) => {
    expect(await extract(mode, pattern, group)).toBe(expected)
  })

  it('fails where a group of many took no part', async () => {
    await expect(extract('All Groups', '(a)|b')).rejects.toThrow(/expected str instance/)
  })
})

describe('RegexMatch', () => {
  const matches = async (pattern: string, change: Record<string, NodeArgument> = {}) =>
    (await callNode('RegexMatch', { string: 'One\ntwo', regex_pattern: pattern, ...flags, ...change }))[0]

  it('minds its switches', async () => {
    expect(await matches('one')).toBe(true)
    expect(await matches('one', { case_insensitive: false })).toBe(false)
    expect([await matches('^two'), await matches('^two', { multiline: true })]).toEqual([false, true])
    expect([await matches('e.t'), await matches('e.t', { dotall: true })]).toEqual([false, true])
  })

  it('finds nothing with a pattern that is none', async () => {
    expect(await matches('[')).toBe(false)
  })
})

describe('RegexReplace', () => {
  const replace = async (change: Record<string, NodeArgument>) =>
    (
      await callNode('RegexReplace', { string: 'a A a', regex_pattern: 'a', replace: '<\\g<0>>', ...change })
    )[0]

  it('replaces all, or the first so many, with the switches’ usual values', async () => {
    expect(await replace({})).toBe('<a> <A> <a>')
    expect(await replace({ count: 1, case_insensitive: false })).toBe('<a> A a')
  })

  it('fails with a pattern that is none', async () => {
    await expect(replace({ regex_pattern: '(' })).rejects.toThrow(/unterminated/)
  })
})
