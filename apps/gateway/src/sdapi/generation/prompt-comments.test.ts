import { describe, expect, it } from 'vitest'
import { stripPromptComments } from './prompt-comments.ts'

describe('comments of a prompt', () => {
  // Python: `strip_comments` of A1111 1.10.1.
  it.each([
    ['a cat', 'a cat'],
    ['# all', '\n'],
    ['# one\na', '\na'],
    ['a # b', 'a \n'],
    ['a # b\nc', 'a \nc'],
    ['a\n# b\nc', 'a\nc'],
    ['#a\n#b\nc', '\n\nc'],
    ['a\n#b\n#c\nd', 'a\n\nd'],
    ['a ## b # c', 'a \n'],
    ['a\n\n# b', 'a\n\n'],
    ['\\# a', '\\\n'],
    ['a #', 'a \n'],
  ])('go: %j becomes %j', (prompt, expected) => {
    expect(stripPromptComments(prompt)).toBe(expected)
  })
})
