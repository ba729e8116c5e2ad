/** A quote that is not closed, or a backslash at the end. */
export class SplitError extends Error {
  override readonly name = 'SplitError'
}

/**
 * Splits a line into words as a POSIX shell does (Python's shlex): blanks separate, single quotes keep all, double quotes
 * keep all but a backslash before a quote or a backslash, elsewhere a backslash keeps the next character.
 * @throws SplitError
 */
export function splitWords(line: string): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < line.length; at += 1) {
    const letter = line[at]!
    const next = line[at + 1]
    if (quote !== '') {
      if (letter === quote) quote = ''
      else if (quote === '"' && letter === '\\' && (next === '"' || next === '\\')) word += line[(at += 1)]!
      else word += letter
    } else if (letter === '"' || letter === "'") {
      quote = letter
      word ??= ''
    } else if (letter === '\\') {
      if (next === undefined) throw new SplitError('No escaped character')
      word = (word ?? '') + line[(at += 1)]!
    } else if (/\s/.test(letter)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + letter
  }
  if (quote !== '') throw new SplitError('No closing quotation')
  return word === undefined ? words : [...words, word]
}
