import { isFloatDtype, roundTo, type FloatDtype } from '../engine/checkpoint/encode-values.ts'
import type { Dtype } from '../engine/checkpoint/dtype.ts'

/** Values with their type; each operation rounds to the type of its result, as torch does. */
export interface TypedValues {
  readonly dtype: FloatDtype
  readonly values: Float32Array
}

/** The type of a sum of two, as torch promotes them; integers and bytes count as f32. */
export function promote(a: Dtype, b: Dtype): FloatDtype {
  const [first, second] = [toFloat(a), toFloat(b)]
  if (first === second) return first
  return first === 'F64' || second === 'F64' ? 'F64' : 'F32'
}

/** The type of a value times a number. */
export function toFloat(dtype: Dtype): FloatDtype {
  return isFloatDtype(dtype) ? dtype : 'F32'
}

/** Values times a number. */
export function times({ dtype, values }: TypedValues, factor: number): TypedValues {
  const own = Math.fround(factor)
  return {
    dtype,
    values: roundTo(
      values.map((value) => value * own),
      dtype,
    ),
  }
}

/** Sum of two of equal length. */
export function add(a: TypedValues, b: TypedValues): TypedValues {
  return join(a, b, (value, other) => value + other)
}

/** Difference of two of equal length. */
export function subtract(a: TypedValues, b: TypedValues): TypedValues {
  return join(a, b, (value, other) => value - other)
}

function join(
  a: TypedValues,
  b: TypedValues,
  combine: (value: number, other: number) => number,
): TypedValues {
  const dtype = promote(a.dtype, b.dtype)
  return {
    dtype,
    values: roundTo(
      a.values.map((value, i) => combine(value, b.values[i]!)),
      dtype,
    ),
  }
}
