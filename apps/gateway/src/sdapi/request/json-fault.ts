import type { ExactValue } from '@atelier/catalog/exact-json'
import type { ValidationFault } from '../errors.ts'

/** Where and how JSON text is broken, in the words of Python's decoder. The text must not be valid JSON. */
export function describeJsonFault(text: string): ValidationFault {
  const { message, position } = new Scanner(text).findFault()
  const before = text.slice(0, position)
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

interface Fault {
  readonly message: string
  readonly position: number
}

/** Walks JSON text as Python's json module does until something is wrong. */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  findFault(): Fault {
    try {
      this.#skipBlanks()
      this.#value()
      this.#skipBlanks()
    } catch (fault) {
      return fault as Fault
    }
    return { message: this.#at < this.#text.length ? 'Extra data' : 'Expecting value', position: this.#at }
  }

  #value(): void {
    const character = this.#text[this.#at]
    if (character === '"') return this.#string()
    if (character === '{') return this.#object()
    if (character === '[') return this.#array()
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
      if (character === undefined)
        throw { message: 'Unterminated string starting at', position: start } satisfies Fault
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
      if (!/^[0-9a-fA-F]{4}$/.test(this.#text.slice(this.#at + 1, this.#at + 5))) {
        throw { message: 'Invalid \\uXXXX escape', position: start + 1 } satisfies Fault
      }
      this.#at += 4
    } else if (!'"\\/bfnrt'.includes(escaped))
      throw { message: 'Invalid \\escape', position: start } satisfies Fault
  }

  #skipBlanks(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at += 1
  }

  #fault(message: string): Fault {
    return { message, position: this.#at }
  }
}
