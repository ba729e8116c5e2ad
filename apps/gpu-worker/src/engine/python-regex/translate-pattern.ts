import { noPattern, untold } from './pattern-error.ts'
import { PatternText } from './pattern-text.ts'
import { literal, translateClass, translateEscape } from './translate-escape.ts'

/** What flags change about a pattern, by Python's names. */
export interface PatternFlags {
  readonly ignoresCase: boolean
  readonly isMultiline: boolean
  readonly isDotAll: boolean
}

/** A pattern in JavaScript's syntax, for its flag `v`. */
export interface TranslatedPattern {
  readonly source: string
  readonly ignoresCase: boolean
}

const START = String.raw`(?<![\s\S])`
const END = String.raw`(?![\s\S])`
const QUANTIFIER = /^(?:[*+?]|\{(\d*)(,?)(\d*)\})/

/**
 * Translates a regular expression of Python's `re` (3.11, texts of code points) into one of JavaScript. What JavaScript
 * cannot say (conditionals, atomic groups, possessive quantifiers, case for a part alone) is refused.
 * @throws EngineError `node-failed` when the pattern is none, or cannot be translated
 */
export function translatePattern(pattern: string, flags: PatternFlags): TranslatedPattern {
  const text = new PatternText(pattern)
  let active = flags
  let isVerbose = false
  const lead = /^\(\?([aimsux]+)\)/.exec(pattern)
  if (lead !== null) {
    text.skip(lead[0].length)
    active = {
      ignoresCase: flags.ignoresCase || lead[1]!.includes('i'),
      isMultiline: flags.isMultiline || lead[1]!.includes('m'),
      isDotAll: flags.isDotAll || lead[1]!.includes('s'),
    }
    isVerbose = lead[1]!.includes('x')
  }
  const reader = new PatternReader(text, { isVerbose, ignoresCase: active.ignoresCase })
  const source = reader.readAlternatives(active)
  if (!text.isAtEnd) throw noPattern('unbalanced parenthesis')
  return { source, ignoresCase: active.ignoresCase }
}

/** Reads one pattern from its start to its end. */
class PatternReader {
  readonly #text: PatternText
  readonly #isVerbose: boolean
  readonly #ignoresCase: boolean

  constructor(text: PatternText, { isVerbose, ignoresCase }: { isVerbose: boolean; ignoresCase: boolean }) {
    this.#text = text
    this.#isVerbose = isVerbose
    this.#ignoresCase = ignoresCase
  }

  /** Reads up to the end, or to the parenthesis that closes the group. */
  readAlternatives(flags: PatternFlags): string {
    let source = ''
    while (!this.#text.isAtEnd && this.#text.next !== ')') {
      if (this.#skipsBlank()) continue
      source += this.#text.next === '|' ? this.#text.take() : this.#readQuantified(flags)
    }
    return source
  }

  /** White space and remarks of a verbose pattern. */
  #skipsBlank(): boolean {
    if (!this.#isVerbose) return false
    return this.#text.takeMatch(/^(?:\s+|#[^\n]*)/) !== undefined
  }

  #readQuantified(flags: PatternFlags): string {
    const part = this.#readPart(flags)
    if (part === '') return part
    this.#skipsBlank()
    const quantifier = this.#text.takeMatch(QUANTIFIER)
    if (quantifier === undefined || quantifier[0] === '{}') {
      return part + (quantifier === undefined ? '' : String.raw`\{\}`)
    }
    const [whole, from, comma, to] = quantifier
    if (whole.startsWith('{') && from === '' && to === '') return part + String.raw`\{,\}`
    if (this.#text.next === '+') throw untold('possessive quantifiers')
    const lazy = this.#text.takeMatch(/^\?/) === undefined ? '' : '?'
    if (/^[*+?{]/.test(this.#text.next) && QUANTIFIER.test(this.#text.rest))
      throw noPattern('multiple repeat')
    const counted = whole.startsWith('{') ? `{${from || '0'}${comma}${to}}` : whole
    return part + counted + lazy
  }

  #readPart(flags: PatternFlags): string {
    const character = this.#text.take()
    switch (character) {
      case '(':
        return this.#readGroup(flags)
      case '[':
        return translateClass(this.#text)
      case '\\':
        return translateEscape(this.#text)
      case '.':
        return flags.isDotAll ? String.raw`[\s\S]` : String.raw`[^\n]`
      case '^':
        return flags.isMultiline ? String.raw`(?<=\n|${START})` : START
      case '$':
        return flags.isMultiline ? String.raw`(?=\n|${END})` : String.raw`(?=\n?${END})`
      case '*':
      case '+':
      case '?':
        throw noPattern('nothing to repeat')
      default:
        return literal(character.codePointAt(0)!)
    }
  }

  #readGroup(flags: PatternFlags): string {
    const open = this.#openGroup(flags)
    if (typeof open === 'string') return open
    const inner = this.readAlternatives(open.flags)
    if (this.#text.takeMatch(/^\)/) === undefined) throw noPattern('missing ), unterminated subpattern')
    return `${open.start}${inner})`
  }

  /** What a group begins with, or all there is of it. */
  #openGroup(flags: PatternFlags): string | { start: string; flags: PatternFlags } {
    const text = this.#text
    if (text.takeMatch(/^\?/) === undefined) return { start: '(', flags }
    if (text.takeMatch(/^#[^)]*\)/)) return ''
    const plain = text.takeMatch(/^(?::|=|!|<=|<!)/)
    if (plain) return { start: `(?${plain[0]}`, flags }
    const name = text.takeMatch(/^P<([\p{L}_][\p{L}\p{N}_]*)>/u)
    if (name) return { start: `(?<${name[1]}>`, flags }
    const back = text.takeMatch(/^P=([\p{L}_][\p{L}\p{N}_]*)\)/u)
    if (back) return String.raw`\k<${back[1]}>`
    const scoped = text.takeMatch(/^([aimsu]*)(?:-([ims]+))?:/)
    if (scoped) return { start: '(?:', flags: this.#scope(flags, scoped) }
    if (text.takeMatch(/^>/)) throw untold('atomic groups')
    if (text.takeMatch(/^\(/)) throw untold('conditionals')
    throw noPattern('unknown extension')
  }

  #scope(flags: PatternFlags, [, on = '', off = '']: RegExpMatchArray): PatternFlags {
    const is = (flag: string, before: boolean) => (on.includes(flag) || before) && !off.includes(flag)
    if (is('i', this.#ignoresCase) !== this.#ignoresCase) throw untold('case that counts in a part alone')
    return {
      ignoresCase: flags.ignoresCase,
      isMultiline: is('m', flags.isMultiline),
      isDotAll: is('s', flags.isDotAll),
    }
  }
}
