/** A pattern's characters, read one after the other. */
export class PatternText {
  #rest: string

  constructor(pattern: string) {
    this.#rest = pattern
  }

  get rest(): string {
    return this.#rest
  }

  get isAtEnd(): boolean {
    return this.#rest === ''
  }

  /** The next character, a whole code point; empty at the end. */
  get next(): string {
    return this.isAtEnd ? '' : String.fromCodePoint(this.#rest.codePointAt(0)!)
  }

  /** Takes the next character; empty at the end. */
  take(): string {
    const { next } = this
    this.skip(next.length)
    return next
  }

  /** Takes what an anchored expression matches. */
  takeMatch(expression: RegExp): RegExpMatchArray | undefined {
    const match = expression.exec(this.#rest)
    if (match === null) return undefined
    this.skip(match[0].length)
    return match
  }

  skip(length: number): void {
    this.#rest = this.#rest.slice(length)
  }
}
