/** The characters Python's `str.isspace` and `re`'s `\s` know, as the inside of a character class (JavaScript's `\s` differs). */
export const pythonSpaces =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

const spaceRun = new RegExp(`[${pythonSpaces}]+`, 'g')
const spaceEnds = new RegExp(`^[${pythonSpaces}]+|(?<![${pythonSpaces}])[${pythonSpaces}]+$`, 'g')

/** Removes white space at both ends, as Python's `str.strip()`. */
export function stripPython(text: string): string {
  return text.replace(spaceEnds, '')
}

/** One space for every run of white space, none at the ends. */
export function collapseSpaces(text: string): string {
  return stripPython(text.replace(spaceRun, ' '))
}

/** The words of a text, as Python's `str.split()`: none in a blank text. */
export function splitWords(text: string): string[] {
  const stripped = collapseSpaces(text)
  return stripped === '' ? [] : stripped.split(' ')
}

const digits = '\\d+(?:_\\d+)*'
const floatText = new RegExp(
  `^([+-]?)(?:((?:${digits}(?:\\.(?:${digits})?)?|\\.${digits})(?:e[+-]?${digits})?)|(inf(?:inity)?)|nan)$`,
  'i',
)

/** The number a text stands for in Python's `float()` (blanks around, exponents, underscores, inf, nan), or undefined. */
export function parsePythonFloat(text: string): number | undefined {
  const match = floatText.exec(stripPython(text))
  if (match === null) return undefined
  const [, sign, number, infinity] = match
  const magnitude =
    number === undefined ? (infinity === undefined ? NaN : Infinity) : Number(number.replaceAll('_', ''))
  return sign === '-' ? -magnitude : magnitude
}
