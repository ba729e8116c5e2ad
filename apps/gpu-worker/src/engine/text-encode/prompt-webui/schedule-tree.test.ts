import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseScheduleTree, type ScheduleNode } from './schedule-tree.ts'

const text = (value: string): ScheduleNode => ({ kind: 'text', text: value })

/** What a tree was written as, blanks around boundaries left out. */
function write(nodes: readonly ScheduleNode[]): string {
  return nodes
    .map((node) => {
      if (node.kind === 'text') return node.text
      if (node.kind === 'alternate') return `[${node.options.map(write).join('|')}]`
      return `[${write(node.before)}:${write(node.after)}:${node.boundary}]`
    })
    .join('')
}

describe('parseScheduleTree', () => {
  it.each<[string, ScheduleNode[]]>([
    [
      'a [b:c:0.5]',
      [text('a '), { kind: 'scheduled', before: [text('b')], after: [text('c')], boundary: '0.5' }],
    ],
    ['[c:.25]', [{ kind: 'scheduled', before: [], after: [text('c')], boundary: '.25' }]],
    ['[b::3]', [{ kind: 'scheduled', before: [text('b')], after: [], boundary: '3' }]],
    ['[b: +1e1 ]', [{ kind: 'scheduled', before: [], after: [text('b')], boundary: '+1e1' }]],
    ['[a||b]', [{ kind: 'alternate', options: [[text('a')], [], [text('b')]] }]],
    ['\\[a:b:3\\]', [text('\\[a'), text(':'), text('b'), text(':'), text('3\\]')]],
  ])('reads %j', (prompt, tree) => {
    expect(parseScheduleTree(prompt)).toEqual(tree)
  })

  it.each(['a|b', 'a \\', '[a:b|c:3]', '(a|b)', '[a|b'])(
    'has no tree for %j, which is used as it stands',
    (prompt) => {
      expect(parseScheduleTree(prompt)).toBeUndefined()
    },
  )

  it.each(['[a:b:c:3]', '[a:b:x]', '[a:b:3', 'a]: )', '((a]', '[a:3 4]', '(a:b:c)'])(
    'keeps %j as text',
    (prompt) => {
      const tree = parseScheduleTree(prompt)
      expect(tree?.every(({ kind }) => kind === 'text')).toBe(true)
      expect(write(tree!)).toBe(prompt)
    },
  )

  it('reads back every tree that is written', () => {
    const word = fc.stringMatching(/^[a-z ,]{1,4}$/)
    const { nodes } = fc.letrec<{ nodes: string }>((tie) => ({
      nodes: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        word,
        fc.tuple(tie('nodes'), tie('nodes')).map(([a, b]) => `${a}${b}`),
        fc.tuple(tie('nodes'), tie('nodes')).map(([a, b]) => `[${a}:${b}:0.5]`),
        fc.array(tie('nodes'), { minLength: 2, maxLength: 3 }).map((options) => `[${options.join('|')}]`),
        tie('nodes').map((inside) => `(${inside}:1.2)`),
        tie('nodes').map((inside) => `[${inside}]`),
      ),
    }))
    fc.assert(
      fc.property(nodes, (prompt) => {
        expect(write(parseScheduleTree(prompt)!)).toBe(prompt)
      }),
    )
  })

  it('loses no character of a prompt without sections, whatever its brackets', () => {
    const prompt = fc
      .array(fc.constantFrom('a', '(', ')', '[', ']', ' ', '\\(', '\\]'))
      .map((all) => all.join(''))
    fc.assert(
      fc.property(prompt, (one) => {
        expect(write(parseScheduleTree(one)!)).toBe(one)
      }),
    )
  })

  it('does not exhaust the stack or the processor by brackets', () => {
    expect(parseScheduleTree('['.repeat(501))).toBeUndefined()
    expect(write(parseScheduleTree('[('.repeat(250))!)).toBe('[('.repeat(250))
    const many = '[a|'.repeat(400) + 'b' + ']'.repeat(400)
    expect(write(parseScheduleTree(many)!)).toBe(many)
    expect(parseScheduleTree(`${'[a:'.repeat(499)}${'('.repeat(9_999)}`)).toBeUndefined()
  })
})
