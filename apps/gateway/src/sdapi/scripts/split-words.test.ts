import { describe, expect, it } from 'vitest'
import { splitWords, SplitError } from './split-words.ts'

// Python's shlex.split.
describe('splitWords', () => {
  it.each([
    ['a b  c', ['a', 'b', 'c']],
    ['--prompt "one two" --steps 2', ['--prompt', 'one two', '--steps', '2']],
    [String.raw`"a \"b\" \c"`, [String.raw`a "b" \c`]],
    [String.raw`'it is \so' x\ y`, [String.raw`it is \so`, 'x y']],
    ['a""b ""', ['ab', '']],
    ['  ', []],
  ])('splits %j', (line, words) => {
    expect(splitWords(line)).toEqual(words)
  })

  it.each(['"open', "it's", 'end\\'])('refuses %j', (line) => {
    expect(() => splitWords(line)).toThrow(SplitError)
  })
})
