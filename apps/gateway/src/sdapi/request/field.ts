import type { ExactValue } from '@atelier/catalog/exact-json'

/** What a field takes, in pydantic's terms: texts and floats are lists of those, list one of anything, record a JSON object. */
export type FieldType = 'integer' | 'float' | 'text' | 'boolean' | 'texts' | 'floats' | 'list' | 'record'

/** One field of a request. */
export interface FieldDefinition {
  readonly name: string
  readonly type: FieldType
  readonly default?: ExactValue
  /** False: null is an error. */
  readonly isNullable?: boolean
  readonly isRequired?: boolean
  /** Another name of a field, which the original does not know: it is never told of. */
  readonly isAlias?: boolean
  /** Limits of numbers. */
  readonly atLeast?: number
  readonly atMost?: number
  readonly above?: number
  /** Fields of each item of a list of records. */
  readonly items?: readonly FieldDefinition[]
  /** The only values allowed. */
  readonly permitted?: readonly ExactValue[]
}
