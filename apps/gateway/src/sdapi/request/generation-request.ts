import { isExactObject, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { CheckedFields } from './validate.ts'

/** A txt2img or img2img request past its checks of type; surface words still. */
export class GenerationRequest {
  readonly #fields: CheckedFields

  constructor(fields: CheckedFields) {
    this.#fields = fields
  }

  /** The request with some of its fields changed. */
  with(changes: Readonly<Record<string, ExactValue>>): GenerationRequest {
    return new GenerationRequest(new Map([...this.#fields, ...Object.entries(changes)]))
  }

  /** All fields in their order, as `parameters` echoes them. */
  get fields(): CheckedFields {
    return this.#fields
  }

  /** A field as it is. */
  value(name: string): ExactValue {
    return this.#fields.get(name) ?? null
  }

  /** A text, or null. */
  text(name: string): string | null {
    const value = this.value(name)
    return typeof value === 'string' ? value : null
  }

  /** A whole number, or null. */
  integer(name: string): bigint | null {
    const value = this.value(name)
    return typeof value === 'bigint' ? value : null
  }

  /** A number, or null. */
  number(name: string): number | null {
    const value = this.value(name)
    return typeof value === 'bigint' || typeof value === 'number' ? Number(value) : null
  }

  /** A whole number that is small; null counts as 0. */
  count(name: string): number {
    return Number(this.integer(name) ?? 0n)
  }

  /** A switch; null counts as off. */
  flag(name: string): boolean {
    return this.value(name) === true
  }

  /** A list, empty where it is null. */
  list(name: string): readonly ExactValue[] {
    const value = this.value(name)
    return Array.isArray(value) ? value : []
  }

  /** A record, empty where it is null. */
  record(name: string): ExactObject {
    const value = this.value(name)
    return isExactObject(value) ? value : new Map()
  }
}
