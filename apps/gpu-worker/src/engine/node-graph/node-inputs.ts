import type { ExactValue } from '@atelier/catalog/exact-json'
import { EngineError } from '../engine-error.ts'

/** A node's inputs, literals converted as the node's class declares them. */
export class NodeInputs {
  readonly #values: ReadonlyMap<string, unknown>

  /** `values`: literals as exact JSON values, links as what the linked node gave. */
  constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = values
  }

  /** A value another node gave. The graph was validated, so its type is what the class declares. */
  value<T>(name: string): T {
    if (!this.#values.has(name)) throw missing(name)
    return this.#values.get(name) as T
  }

  /** A value another node gave to an input that may be left open. */
  optional<T>(name: string): T | undefined {
    return (this.#values.get(name) ?? undefined) as T | undefined
  }

  /** All values of an input of a class that takes whole lists. */
  list<T>(name: string): readonly T[] {
    return this.value<readonly T[]>(name)
  }

  /** True or false. */
  flag(name: string): boolean {
    return this.value<ExactValue>(name) === true
  }

  /** A whole number of all its digits (seeds). */
  bigint(name: string): bigint {
    const value = this.value<ExactValue>(name)
    if (typeof value === 'bigint') return value
    if (typeof value === 'number') return BigInt(Math.trunc(value))
    if (typeof value === 'string' && /^\s*-?\d+\s*$/.test(value)) return BigInt(value)
    if (typeof value === 'boolean') return value ? 1n : 0n
    throw new EngineError('invalid-request', `input ${name} is no whole number`)
  }

  /** A whole number that fits a double. */
  integer(name: string): number {
    return Number(this.bigint(name))
  }

  /** A number. */
  number(name: string): number {
    const number = Number(this.value<ExactValue>(name))
    if (Number.isNaN(number)) throw new EngineError('invalid-request', `input ${name} is no number`)
    return number
  }

  /** A text. */
  text(name: string): string {
    return String(this.value<ExactValue>(name))
  }
}

function missing(name: string): EngineError {
  return new EngineError('invalid-request', `the required input ${name} is missing`, {
    exceptionType: 'TypeError',
  })
}
