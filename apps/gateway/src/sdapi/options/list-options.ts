import type { ExactObject, ExactValue } from '@atelier/catalog/exact-json'
import { pythonException } from '../errors.ts'
import { COERCIONS, type Coerced } from '../request/coerce.ts'
import { OPTION_DEFAULTS } from './options.data.ts'
import type { Options } from './options-store.ts'

/**
 * The answer of GET /sdapi/v1/options. An option that has been set is brought to its default's type where that default
 * is a true value, whole numbers to floats; the others are given as they are.
 * @throws ApiError as A1111 fails while a stored value cannot be brought to that type
 */
export function listOptions(stored: Options): ExactObject {
  const listed = new Map(OPTION_DEFAULTS)
  const faults: string[] = []
  for (const [key, value] of stored) {
    const fallback = OPTION_DEFAULTS.get(key)
    if (fallback === undefined) continue
    const typed = value === null ? { value } : toType(value, fallback)
    if ('value' in typed) listed.set(key, typed.value)
    else
      faults.push(
        ...typed.faults.map(({ message, type }) => `response -> ${key}\n  ${message} (type=${type})`),
      )
  }
  if (faults.length === 0) return listed
  const count = `${faults.length} validation error${faults.length === 1 ? '' : 's'} for Options`
  throw pythonException('ValidationError', [count, ...faults].join('\n'))
}

function toType(value: ExactValue, fallback: ExactValue): Coerced {
  if (typeof fallback === 'boolean') return fallback ? COERCIONS.boolean(value) : { value }
  if (typeof fallback === 'bigint' || typeof fallback === 'number') {
    return Number(fallback) === 0 ? { value } : COERCIONS.float(value)
  }
  if (typeof fallback === 'string') return fallback === '' ? { value } : COERCIONS.text(value)
  return Array.isArray(fallback) && fallback.length > 0 ? COERCIONS.list(value) : { value }
}
