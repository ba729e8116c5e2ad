/** The characters Python's `str.isspace` and `re`'s `\s` know, as the inside of a character class (JavaScript's `\s` differs). */
export const pythonSpaces =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

const spaceRun = new RegExp(`[${pythonSpaces}]+`, 'g')
const spaceEnds = new RegExp(`^[${pythonSpaces}]+|[${pythonSpaces}]+$`, 'g')

/** Removes white space at both ends, as Python's `str.strip()`. */
export function stripPython(text: string): string {
  return text.replace(spaceEnds, '')
}

/** One space for every run of white space, none at the ends. */
export function collapseSpaces(text: string): string {
  return stripPython(text.replace(spaceRun, ' '))
}
