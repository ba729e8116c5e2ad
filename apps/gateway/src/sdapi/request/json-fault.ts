import type { ExactValue } from '@atelier/catalog/exact-json'
import type { ValidationFault } from '../errors.ts'

/** Deepest nesting that is looked into; Python's decoder gives up a little below 1,000. */
const MAX_DEPTH = 900

/**
 * Where and how JSON text is broken, in the words of Python's decoder; undefined where it is not: what cannot be parsed
 * then is too deep or too long a number.
 */
export function describeJsonFault(text: string): ValidationFault | undefined {
  const fault = new Scanner(text).findFault()
  if (fault === undefined) return undefined
  const { message } = fault
  // Python counts characters, a pair of surrogates as one.
  const before = text.slice(0, fault.position).replace(/[\ud800-\udbff][\udc00-\udfff]/g, '_')
  const position = before.length
  const line = before.split('\n').length
  const column = position - before.lastIndexOf('\n')
  const context = new Map<string, ExactValue>([
    ['msg', message],
    ['doc', text],
    ['pos', BigInt(position)],
    ['lineno', BigInt(line)],
    ['colno', BigInt(column)],
  ])
  return {
    location: ['body', position],
    message: `${message}: line ${line} column ${column} (char ${position})`,
    type: 'value_error.jsondecode',
    context,
  }
}

/** Ends a scan: what Python says of the character at a position. */
class Fault extends Error {
  readonly position: number

  constructor(message: string, position: number) {
    super(message)
    this.position = position
  }
}

/** Ends a scan that would go deeper than MAX_DEPTH. */
class TooDeep extends Error {}

/** Walks JSON text as Python's json module does until something is wrong. */
class Scanner {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  findFault(): Fault | undefined {
    try {
      this.#skipBlanks()
      this.#value()
      this.#skipBlanks()
    } catch (error) {
      if (error instanceof Fault) return error
      if (error instanceof TooDeep) return undefined
      throw error
    }
    return this.#at < this.#text.length ? this.#fault('Extra data') : undefined
  }

  #value(): void {
    const character = this.#text[this.#at]
    if (character === '"') return this.#string()
    if (character === '{' || character === '[') {
      this.#depth += 1
      if (this.#depth > MAX_DEPTH) throw new TooDeep()
      if (character === '{') this.#object()
      else this.#array()
      this.#depth -= 1
      return
    }
    const literal = /(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?)|null|true|false|NaN|-?Infinity/y
    literal.lastIndex = this.#at
    const match = literal.exec(this.#text)
    if (match === null) throw this.#fault('Expecting value')
    this.#at += match[0].length
  }

  #object(): void {
    this.#at += 1
    this.#skipBlanks()
    if (this.#text[this.#at] === '}') return void (this.#at += 1)
    for (;;) {
      if (this.#text[this.#at] !== '"') throw this.#fault('Expecting property name enclosed in double quotes')
      this.#string()
      this.#skipBlanks()
      if (this.#text[this.#at] !== ':') throw this.#fault("Expecting ':' delimiter")
      this.#at += 1
      this.#skipBlanks()
      this.#value()
      this.#skipBlanks()
      const next = this.#text[this.#at]
      if (next === '}') return void (this.#at += 1)
      if (next !== ',') throw this.#fault("Expecting ',' delimiter")
      this.#at += 1
      this.#skipBlanks()
    }
  }

  #array(): void {
    this.#at += 1
    this.#skipBlanks()
    if (this.#text[this.#at] === ']') return void (this.#at += 1)
    for (;;) {
      this.#value()
      this.#skipBlanks()
      const next = this.#text[this.#at]
      if (next === ']') return void (this.#at += 1)
      if (next !== ',') throw this.#fault("Expecting ',' delimiter")
      this.#at += 1
      this.#skipBlanks()
    }
  }

  #string(): void {
    const start = this.#at
    this.#at += 1
    for (;;) {
      const character = this.#text[this.#at]
      if (character === undefined) throw new Fault('Unterminated string starting at', start)
      if (character === '"') return void (this.#at += 1)
      if (character < ' ') throw this.#fault('Invalid control character at')
      if (character === '\\') this.#escape()
      this.#at += 1
    }
  }

  #escape(): void {
    const start = this.#at
    this.#at += 1
    const escaped = this.#text[this.#at] ?? ''
    if (escaped === 'u') {
      const digits = this.#text.slice(this.#at + 1, this.#at + 5)
      // Python wants text behind the digits too.
      if (!/^[0-9a-fA-F]{4}$/.test(digits) || this.#at + 5 >= this.#text.length) {
        throw new Fault('Invalid \\uXXXX escape', start + 1)
      }
      this.#at += 4
    } else if (!'"\\/bfnrt'.includes(escaped)) throw new Fault('Invalid \\escape', start)
  }

  #skipBlanks(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at += 1
  }

  #fault(message: string): Fault {
    return new Fault(message, this.#at)
  }
}
