import { halfToFloat } from '../tensor/float-formats.ts'
import type { Dtype } from './dtype.ts'

/** Types that values can be written as. */
export type FloatDtype = Extract<Dtype, 'F64' | 'F32' | 'F16' | 'BF16'>

/** Whether values of a type are floats that can be written again. */
export function isFloatDtype(dtype: Dtype): dtype is FloatDtype {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16' || dtype === 'F64'
}

/** f32 values, each rounded to the nearest of a type (ties to even). */
export function roundTo(values: Float32Array, dtype: FloatDtype): Float32Array {
  if (dtype === 'F32' || dtype === 'F64') return values
  const toBits = dtype === 'F16' ? halfBits : bfloatBits
  return Float32Array.from(values, (value) => {
    const bits = toBits(value)
    return dtype === 'F16' ? halfToFloat(bits) : bfloatValue(bits)
  })
}

/** f32 values as the little-endian bytes of a type, rounded to the nearest (ties to even). */
export function encodeValues(values: Float32Array, dtype: FloatDtype): Uint8Array {
  switch (dtype) {
    case 'F32':
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    case 'F64':
      return new Uint8Array(Float64Array.from(values).buffer)
    case 'F16':
      return new Uint8Array(Uint16Array.from(values, halfBits).buffer)
    case 'BF16':
      return new Uint8Array(Uint16Array.from(values, bfloatBits).buffer)
  }
}

const WORD = new Uint32Array(1)
const FLOAT = new Float32Array(WORD.buffer)

function bitsOf(value: number): number {
  FLOAT[0] = value
  return WORD[0]!
}

function valueOf(bits: number): number {
  WORD[0] = bits
  return FLOAT[0]!
}

/** The upper half of an f32, rounded. */
function bfloatBits(value: number): number {
  const bits = bitsOf(value)
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

function bfloatValue(bits: number): number {
  return valueOf(bits * 0x1_0000)
}

/** Smallest f32 bits that round to infinity, of the smallest normal half, and of what rounds to zero. */
const HALF = { infinite: 0x477f_f000, normal: 0x3880_0000, zero: 0x3300_0000 }

function halfBits(value: number): number {
  const all = bitsOf(value)
  const sign = (all >>> 16) & 0x8000
  const bits = all & 0x7fff_ffff
  if (bits > 0x7f80_0000) return sign | 0x7e00
  if (bits >= HALF.infinite) return sign | 0x7c00
  if (bits <= HALF.zero) return sign
  if (bits < HALF.normal) {
    // Of subnormal halves the unit is 2^-24.
    const scaled = Math.abs(value) * 2 ** 24
    const down = Math.floor(scaled)
    const rest = scaled - down
    return sign | (rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down)
  }
  // The exponent's bias falls from 127 to 15, and 13 bits of the fraction go.
  return sign | ((bits - 0x3800_0000 + 0xfff + ((bits >>> 13) & 1)) >>> 13)
}
