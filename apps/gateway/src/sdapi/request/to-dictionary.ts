import { isExactObject, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'

/**
 * A value as Python's `dict()` takes it, which pydantic v1 asks for every object: an object, a list of pairs (a list of
 * two, a text of two characters, an object of two keys, which give their keys), or an empty text. Undefined: it is none.
 */
export function toDictionary(value: ExactValue): ExactObject | undefined {
  if (isExactObject(value)) return value
  if (value === '') return new Map<string, ExactValue>()
  if (!Array.isArray(value)) return undefined
  const entries: [string, ExactValue][] = []
  for (const item of value as readonly ExactValue[]) {
    const [key, given, ...more] = listElements(item)
    if (typeof key !== 'string' || given === undefined || more.length > 0) return undefined
    entries.push([key, given])
  }
  return new Map(entries)
}

/** What iterating over a value gives in Python; nothing for values that cannot be iterated over. */
function listElements(value: ExactValue): readonly ExactValue[] {
  if (typeof value === 'string') return [...value]
  if (isExactObject(value)) return [...value.keys()]
  return Array.isArray(value) ? value : []
}
