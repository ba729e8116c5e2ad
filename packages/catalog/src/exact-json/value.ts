/**
 * JSON whose integers, floats and key order survive a round trip, as ComfyUI's clients rely on: seeds use all of 64
 * bits, `8` and `8.0` are told apart, node ids such as "10" keep their place. A bigint is a JSON integer, a number is
 * a JSON float (NaN and the infinities included, as Python writes them).
 */
export type ExactValue = null | boolean | string | bigint | number | ExactArray | ExactObject
/** A JSON array. */
export type ExactArray = ExactValue[]
/** A JSON object in its own key order. */
export type ExactObject = Map<string, ExactValue>

/** Plain data that has an obvious exact form; numbers that are whole become integers. */
export type PlainValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | readonly PlainValue[]
  | ExactObject
  | { readonly [key: string]: PlainValue | undefined }

/** Whether a value is a JSON object. */
export function isExactObject(value: ExactValue | undefined): value is ExactObject {
  return value instanceof Map
}

/** Converts plain data: whole numbers become integers, undefined members are left out, maps are taken as they are. */
export function toExact(value: PlainValue): ExactValue {
  if (value === null || typeof value !== 'object') {
    return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
  }
  if (value instanceof Map) return value
  if (Array.isArray(value)) return (value as readonly PlainValue[]).map(toExact)
  const object: ExactObject = new Map()
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) object.set(key, toExact(member))
  }
  return object
}

/** The inverse for data whose integers are known to be small: integers become numbers, objects plain records. */
export function toPlain(value: ExactValue): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(toPlain)
  if (!(value instanceof Map)) return value
  // Without a prototype a key such as "__proto__" is data like any other.
  const object = Object.create(null) as Record<string, unknown>
  for (const [key, member] of value) object[key] = toPlain(member)
  return object
}
