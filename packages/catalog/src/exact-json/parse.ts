import type { ExactArray, ExactObject, ExactValue } from './value.ts'

/** Deepest nesting accepted; deeper text is refused rather than risking the stack. */
const MAX_DEPTH = 900
/** Longest integer accepted, digits (Python's own limit). */
const MAX_INTEGER_DIGITS = 4300

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y
const WHITESPACE = /[ \t\n\r]*/y
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}
const WORDS: readonly (readonly [string, ExactValue])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]

/**
 * Parses JSON text without losing integers, floats or key order; also takes Python's NaN and Infinity.
 * @throws SyntaxError that names the place, when the text is not JSON, nests too deeply or holds an endless integer
 */
export function parseExactJson(text: string): ExactValue {
  const parser = new ExactParser(text)
  return parser.parseWhole()
}

class ExactParser {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  parseWhole(): ExactValue {
    const value = this.#parseValue()
    this.#skipWhitespace()
    if (this.#at !== this.#text.length) this.#fail('extra data')
    return value
  }

  #parseValue(): ExactValue {
    this.#skipWhitespace()
    const character = this.#text[this.#at]
    if (character === '"') return this.#parseString()
    if (character === '{' || character === '[') {
      this.#depth += 1
      if (this.#depth > MAX_DEPTH) this.#fail(`nesting deeper than ${MAX_DEPTH}`)
      const value = character === '{' ? this.#parseObject() : this.#parseArray()
      this.#depth -= 1
      return value
    }
    return this.#parseWordOrNumber()
  }

  #parseObject(): ExactObject {
    const object: ExactObject = new Map()
    this.#at += 1
    if (this.#take('}')) return object
    do {
      this.#skipWhitespace()
      if (this.#text[this.#at] !== '"') this.#fail('a property name in double quotes is missing')
      const key = this.#parseString()
      if (!this.#take(':')) this.#fail("':' is missing")
      object.set(key, this.#parseValue())
    } while (this.#take(','))
    if (!this.#take('}')) this.#fail("',' or '}' is missing")
    return object
  }

  #parseArray(): ExactArray {
    const array: ExactArray = []
    this.#at += 1
    if (this.#take(']')) return array
    do array.push(this.#parseValue())
    while (this.#take(','))
    if (!this.#take(']')) this.#fail("',' or ']' is missing")
    return array
  }

  #parseString(): string {
    this.#at += 1
    let value = ''
    for (;;) {
      PLAIN_TEXT.lastIndex = this.#at
      const plain = PLAIN_TEXT.exec(this.#text)?.[0] ?? ''
      value += plain
      this.#at += plain.length
      const character = this.#text[this.#at]
      if (character === '"') break
      if (character !== '\\') this.#fail('an unended string or a control character in it')
      value += this.#parseEscape()
    }
    this.#at += 1
    return value
  }

  #parseEscape(): string {
    const letter = this.#text[this.#at + 1] ?? ''
    if (letter === 'u') {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6)
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail('a malformed \\u escape')
      this.#at += 6
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    const value = ESCAPES[letter]
    if (value === undefined) this.#fail('a malformed escape')
    this.#at += 2
    return value
  }

  #parseWordOrNumber(): ExactValue {
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue
      this.#at += word.length
      return value
    }
    NUMBER.lastIndex = this.#at
    const match = NUMBER.exec(this.#text)
    if (match === null) this.#fail('a value is missing')
    const [digits, fraction, exponent] = match
    if (fraction === undefined && exponent === undefined) {
      if (digits.replace('-', '').length > MAX_INTEGER_DIGITS)
        this.#fail(`an integer longer than ${MAX_INTEGER_DIGITS} digits`)
      this.#at += digits.length
      return BigInt(digits)
    }
    this.#at += digits.length
    return Number(digits)
  }

  #take(character: string): boolean {
    this.#skipWhitespace()
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #skipWhitespace(): void {
    WHITESPACE.lastIndex = this.#at
    this.#at += WHITESPACE.exec(this.#text)?.[0].length ?? 0
  }

  #fail(what: string): never {
    throw new SyntaxError(`not JSON: ${what} at character ${this.#at}`)
  }
}
