import { isExactObject, type ExactValue } from './value.ts'

/** Whether Python takes two values for equal: true is 1 and 1.0, and objects are compared whatever the order of their keys. */
export function equalsInPython(a: ExactValue, b: ExactValue): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item: ExactValue, index) => equalsInPython(item, b[index]!))
  if (isExactObject(a) && isExactObject(b)) {
    const equalsIn = ([key, value]: [string, ExactValue]) => {
      const other = b.get(key)
      return other !== undefined && equalsInPython(value, other)
    }
    return a.size === b.size && [...a].every(equalsIn)
  }
  const [left, right] = [toNumber(a), toNumber(b)]
  // Compared so, whole numbers and fractions of one value are equal, and NaN is equal to nothing.
  if (left !== undefined && right !== undefined) return left <= right && left >= right
  return a === b
}

function toNumber(value: ExactValue): bigint | number | undefined {
  if (typeof value === 'boolean') return value ? 1n : 0n
  return typeof value === 'bigint' || typeof value === 'number' ? value : undefined
}
