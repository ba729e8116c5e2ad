import { toPythonRepr, toPythonString, toPythonTypeName, type ExactValue } from '@atelier/catalog/exact-json'
import { PythonError } from './python-error.ts'

/** Longest text taken for an integer, digits (Python's own limit). */
const MAX_INTEGER_DIGITS = 4300

const CONVERTERS: ReadonlyMap<string, (value: ExactValue) => ExactValue> = new Map<
  string,
  (value: ExactValue) => ExactValue
>([
  ['INT', toInteger],
  ['FLOAT', toFloat],
  ['STRING', toPythonString],
  ['BOOLEAN', isTruthy],
])

/**
 * Converts a literal to what an input of the given type takes, as Python's int, float, str and bool do; values of
 * other types are left as they are.
 * @throws PythonError ValueError, TypeError or OverflowError in Python's words
 */
export function convertLiteral(type: string, value: ExactValue): ExactValue {
  return CONVERTERS.get(type)?.(value) ?? value
}

/** A value wrapped as `{"__value__": …}`, which is how literal lists are told from links. */
export function unwrapLiteral(value: ExactValue): ExactValue {
  return value instanceof Map && value.has('__value__') ? (value.get('__value__') ?? null) : value
}

function toInteger(value: ExactValue): bigint {
  if (typeof value === 'bigint') return value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'number') return truncate(value)
  if (typeof value === 'string') return parseInteger(value)
  const name = toPythonTypeName(value)
  throw new PythonError(
    'TypeError',
    `int() argument must be a string, a bytes-like object or a real number, not '${name}'`,
  )
}

function truncate(value: number): bigint {
  if (Number.isNaN(value)) throw new PythonError('ValueError', 'cannot convert float NaN to integer')
  if (!Number.isFinite(value))
    throw new PythonError('OverflowError', 'cannot convert float infinity to integer')
  return BigInt(Math.trunc(value))
}

function parseInteger(text: string): bigint {
  const match = /^([-+]?)(\d+(?:_\d+)*)$/.exec(trimAsPython(text))
  const digits = match?.[2]?.replaceAll('_', '') ?? ''
  if (digits.length > MAX_INTEGER_DIGITS) {
    throw new PythonError(
      'ValueError',
      `Exceeds the limit (${MAX_INTEGER_DIGITS} digits) for integer string conversion: value has ${digits.length} digits; use sys.set_int_max_str_digits() to increase the limit`,
    )
  }
  if (match === null)
    throw new PythonError('ValueError', `invalid literal for int() with base 10: ${toPythonRepr(text)}`)
  return match[1] === '-' ? -BigInt(digits) : BigInt(digits)
}

/** Python's `float(value)`. */
export function toFloat(value: ExactValue): number {
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'bigint') {
    const float = Number(value)
    if (!Number.isFinite(float)) throw new PythonError('OverflowError', 'int too large to convert to float')
    return float
  }
  if (typeof value === 'string') return parseFloatText(value)
  const name = toPythonTypeName(value)
  throw new PythonError('TypeError', `float() argument must be a string or a real number, not '${name}'`)
}

function parseFloatText(text: string): number {
  const trimmed = trimAsPython(text)
  const word = /^([-+]?)(inf|infinity|nan)$/i.exec(trimmed)
  if (word !== null) {
    if (word[2]?.toLowerCase() === 'nan') return Number.NaN
    return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  if (
    /^[-+]?(?:\d+(?:_\d+)*(?:\.(?:\d+(?:_\d+)*)?)?|\.\d+(?:_\d+)*)(?:[eE][-+]?\d+(?:_\d+)*)?$/.test(trimmed)
  )
    return Number(trimmed.replaceAll('_', ''))
  throw new PythonError('ValueError', `could not convert string to float: ${toPythonRepr(text)}`)
}

function trimAsPython(text: string): string {
  // The look-behind starts no second search inside a run of blanks, which keeps long texts linear.
  return text.replace(/^[\s\u001c-\u001f\u0085]+|(?<![\s\u001c-\u001f\u0085])[\s\u001c-\u001f\u0085]+$/g, '')
}

/** Python's `bool(value)`: empty things, zero and None are false. */
export function isTruthy(value: ExactValue | undefined): boolean {
  if (value === undefined || value === null) return false
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Map) return value.size > 0
  if (typeof value === 'bigint') return value !== 0n
  if (typeof value === 'number') return value !== 0
  return typeof value === 'string' ? value !== '' : value
}
