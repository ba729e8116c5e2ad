import type { PatternText } from './pattern-text.ts'
import { noPattern } from './pattern-error.ts'

/** What Python calls a character of a word, inside a class. */
const WORD_SET = String.raw`\p{L}\p{N}_`
const WORD = `[${WORD_SET}]`
/** What Python's texts call white space, inside a class. */
const SPACE_SET = String.raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`

/** Classes by the letter of their escape. */
const SETS: Readonly<Record<string, string>> = {
  d: String.raw`[\p{Nd}]`,
  D: String.raw`[^\p{Nd}]`,
  s: `[${SPACE_SET}]`,
  S: `[^${SPACE_SET}]`,
  w: WORD,
  W: `[^${WORD_SET}]`,
}

/** Places by the letter of their escape. */
const PLACES: Readonly<Record<string, string>> = {
  A: String.raw`(?<![\s\S])`,
  Z: String.raw`(?![\s\S])`,
  b: `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`,
  // Nowhere in an empty text.
  B: `(?:(?<=${WORD})(?=${WORD})|(?<=[^${WORD_SET}])(?!${WORD})|(?<!${WORD})(?=[^${WORD_SET}]))`,
}

/** Control characters by the letter of their escape. */
export const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** A character that stands for itself, by its number. */
export function literal(code: number): string {
  return String.raw`\u{${code.toString(16)}}`
}

/** Translates what follows a backslash outside a class. */
export function translateEscape(text: PatternText): string {
  const place = text.takeMatch(/^[AZbB]/)
  if (place) return PLACES[place[0]]!
  const set = text.takeMatch(/^[dDsSwW]/)
  if (set) return SETS[set[0]]!
  const octal = text.takeMatch(/^(?:0[0-7]{0,2}|[0-3][0-7]{2})/)
  if (octal) return literal(Number.parseInt(octal[0], 8))
  const group = text.takeMatch(/^[1-9]\d?/)
  if (group) return `(?:\\${group[0]})`
  return literal(readCharacter(text))
}

/** Translates a class whose opening bracket has been taken. */
export function translateClass(text: PatternText): string {
  const isNegated = text.takeMatch(/^\^/) !== undefined
  const members: string[] = []
  do {
    if (text.isAtEnd) throw noPattern('unterminated character set')
    const from = readMember(text)
    if (typeof from === 'string') members.push(from)
    else if (text.takeMatch(/^-(?!\])/) === undefined) members.push(literal(from))
    else members.push(readRange(from, text))
  } while (text.next !== ']')
  text.take()
  return `[${isNegated ? '^' : ''}${members.join('')}]`
}

function readRange(from: number, text: PatternText): string {
  if (text.isAtEnd) throw noPattern('unterminated character set')
  const to = readMember(text)
  if (typeof to === 'string' || to < from) throw noPattern('bad character range')
  return `${literal(from)}-${literal(to)}`
}

/** A member of a class: a set, or a character's number. */
function readMember(text: PatternText): string | number {
  if (text.next !== '\\') return text.take().codePointAt(0)!
  text.take()
  const set = text.takeMatch(/^[dDsSwW]/)
  if (set) return SETS[set[0]]!
  if (text.takeMatch(/^b/)) return 8
  const octal = text.takeMatch(/^[0-7]{1,3}/)
  return octal ? Number.parseInt(octal[0], 8) : readCharacter(text)
}

/** The character that an escape names. */
function readCharacter(text: PatternText): number {
  const hex = text.takeMatch(/^(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))/i)
  if (hex) return Number.parseInt((hex[1] ?? hex[2] ?? hex[3])!, 16)
  const character = text.take()
  if (character === '') throw noPattern('bad escape (end of pattern)')
  const control = CONTROLS[character]
  if (control !== undefined) return control
  if (/[A-Za-z0-9]/.test(character)) throw noPattern(`bad escape \\${character}`)
  return character.codePointAt(0)!
}
