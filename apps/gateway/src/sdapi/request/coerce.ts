import { isExactObject, toPythonString, type ExactValue } from '@atelier/catalog/exact-json'
import type { FieldType } from './field.ts'
import { toDictionary } from './to-dictionary.ts'

/** A fault of one value: message and type as pydantic v1 words them, and the path below the field. */
export interface ValueFault {
  readonly message: string
  readonly type: string
  readonly path?: readonly (string | number)[]
  readonly context?: ExactValue
}

/** A coerced value, or what is wrong with it. */
export type Coerced = { readonly value: ExactValue } | { readonly faults: readonly ValueFault[] }

const fault = (message: string, type: string): Coerced => ({ faults: [{ message, type }] })
const TRUE_TEXTS = new Set(['1', 'on', 't', 'true', 'y', 'yes'])
const FALSE_TEXTS = new Set(['0', 'off', 'f', 'false', 'n', 'no'])

/** Brings a value to a field's type by pydantic v1's lenient rules. */
export const COERCIONS: Readonly<Record<FieldType, (value: ExactValue) => Coerced>> = {
  integer(value) {
    if (typeof value === 'bigint') return { value }
    if (typeof value === 'boolean') return { value: value ? 1n : 0n }
    if (typeof value === 'number' && Number.isFinite(value)) return { value: BigInt(Math.trunc(value)) }
    if (typeof value === 'string' && /^\s*[+-]?\d+(_\d+)*\s*$/.test(value)) {
      return { value: BigInt(value.replaceAll('_', '').trim().replace(/^\+/, '')) }
    }
    return fault('value is not a valid integer', 'type_error.integer')
  },
  float(value) {
    if (typeof value === 'number') return { value }
    if (typeof value === 'bigint') return { value: Number(value) }
    if (typeof value === 'boolean') return { value: value ? 1 : 0 }
    const number = typeof value === 'string' ? parsePythonFloat(value) : undefined
    return number === undefined ? fault('value is not a valid float', 'type_error.float') : { value: number }
  },
  text(value) {
    if (value === null || Array.isArray(value) || isExactObject(value))
      return fault('str type expected', 'type_error.str')
    return { value: toPythonString(value) }
  },
  boolean(value) {
    if (typeof value === 'boolean') return { value }
    const text =
      typeof value === 'string'
        ? value.toLowerCase()
        : value === 1n || value === 1
          ? '1'
          : value === 0n || value === 0
            ? '0'
            : ''
    if (TRUE_TEXTS.has(text)) return { value: true }
    if (FALSE_TEXTS.has(text)) return { value: false }
    return fault('value could not be parsed to a boolean', 'type_error.bool')
  },
  texts: (value) => coerceItems(value, 'text'),
  floats: (value) => coerceItems(value, 'float'),
  list(value) {
    return Array.isArray(value) ? { value } : fault('value is not a valid list', 'type_error.list')
  },
  record(value) {
    const dictionary = toDictionary(value)
    return dictionary === undefined
      ? fault('value is not a valid dict', 'type_error.dict')
      : { value: dictionary }
  },
}

function coerceItems(value: ExactValue, type: 'text' | 'float'): Coerced {
  if (!Array.isArray(value)) return fault('value is not a valid list', 'type_error.list')
  const items = value.map((item) =>
    item === null
      ? fault('none is not an allowed value', 'type_error.none.not_allowed')
      : COERCIONS[type](item),
  )
  const faults = items.flatMap((item, index) =>
    'faults' in item ? item.faults.map((one) => ({ ...one, path: [index] })) : [],
  )
  return faults.length > 0
    ? { faults }
    : { value: items.map((item) => ('value' in item ? item.value : null)) }
}

/** A float as Python's float() reads it, or undefined. */
function parsePythonFloat(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase()
  if (/^[+-]?(\d+(_\d+)*(\.(\d+(_\d+)*)?)?|\.\d+)(e[+-]?\d+)?$/.test(trimmed))
    return Number(trimmed.replaceAll('_', ''))
  const special = /^([+-]?)(inf|infinity|nan)$/.exec(trimmed)
  if (special === null) return undefined
  return special[2] === 'nan' ? NaN : special[1] === '-' ? -Infinity : Infinity
}
