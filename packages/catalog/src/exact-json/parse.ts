import type { ExactArray, ExactObject, ExactValue } from './value.ts'

/** Deepest nesting accepted; deeper text is refused rather than risking the stack. */
const MAX_DEPTH = 900
/** Longest integer accepted, digits (Python's own limit). */
const MAX_INTEGER_DIGITS = 4300

/** Most values accepted in one text: each takes memory and time far beyond its characters. */
const MAX_VALUES = 300_000
/** Longest malformed string whose fault is looked for, characters; of longer ones only the beginning is told. */
const MAX_SEARCHED = 64 * 1024

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y
const PLAIN_TEXT = /[^"\\\u0000-\u001f]*/y
const WHITESPACE = /[ \t\n\r]*/y
const SPACE = 0x20
const ESCAPES: ReadonlySet<string> = new Set('"\\/bfnrt')
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
 * @throws SyntaxError that names the place, when the text is not JSON, nests too deeply, or holds an endless integer or
 * too many values
 */
export function parseExactJson(text: string): ExactValue {
  const parser = new ExactParser(text)
  return parser.parseWhole()
}

class ExactParser {
  readonly #text: string
  #at = 0
  #depth = 0
  #values = 0

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
    this.#values += 1
    if (this.#values > MAX_VALUES) this.#fail(`more than ${MAX_VALUES} values`)
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
    PLAIN_TEXT.lastIndex = this.#at + 1
    const plain = PLAIN_TEXT.exec(this.#text)?.[0] ?? ''
    const after = this.#at + 1 + plain.length
    if (this.#text[after] === '"') {
      this.#at = after + 1
      return plain
    }
    return this.#text[after] === '\\' ? this.#parseEscapes() : this.#failInString()
  }

  /** A string with escapes: many of them are read fastest by the language's own parser, which takes the same strings. */
  #parseEscapes(): string {
    const end = findStringEnd(this.#text, this.#at)
    if (end === undefined) return this.#failInString()
    try {
      const value = JSON.parse(this.#text.slice(this.#at, end)) as string
      this.#at = end
      return value
    } catch {
      return this.#failInString()
    }
  }

  /** Tells at which character of a malformed string it stopped understanding. */
  #failInString(): never {
    const until = this.#at + MAX_SEARCHED
    this.#at += 1
    while (this.#at < until) {
      PLAIN_TEXT.lastIndex = this.#at
      this.#at += PLAIN_TEXT.exec(this.#text)?.[0].length ?? 0
      if (this.#text[this.#at] !== '\\') this.#fail('an unended string or a control character in it')
      this.#parseEscape()
    }
    this.#fail('a malformed string')
  }

  #parseEscape(): void {
    const letter = this.#text[this.#at + 1] ?? ''
    if (letter === 'u') {
      const digits = this.#text.slice(this.#at + 2, this.#at + 6)
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail('a malformed \\u escape')
      this.#at += 6
      return
    }
    if (!ESCAPES.has(letter)) this.#fail('a malformed escape')
    this.#at += 2
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
    if (this.#text.charCodeAt(this.#at) > SPACE) return
    WHITESPACE.lastIndex = this.#at
    this.#at += WHITESPACE.exec(this.#text)?.[0].length ?? 0
  }

  #fail(what: string): never {
    throw new SyntaxError(`not JSON: ${what} at character ${this.#at}`)
  }
}

/** Where a string that begins at a place ends, its quote included; undefined when it does not. */
function findStringEnd(text: string, start: number): number | undefined {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let first = at
    while (text[first - 1] === '\\') first -= 1
    // A quote behind an even number of backslashes.
    if ((at - first) % 2 === 0) return at + 1
  }
  return undefined
}
