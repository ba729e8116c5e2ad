import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { encodeValues, isFloatDtype, roundTo } from './encode-values.ts'

// torch 2.15: bits of f32 numbers, and of the half and bfloat16 that `Tensor.to` makes of them. Ties, the edges of normal
// numbers, of infinity and of zero, and random bits.
const recorded = JSON.parse(
  readFileSync(new URL('__fixtures__/rounded-floats.json', import.meta.url), 'utf8'),
) as Readonly<Record<'f32' | 'f16' | 'bf16', readonly number[]>>
const values = new Float32Array(Uint32Array.from(recorded.f32).buffer)
const toWords = (bytes: Uint8Array) => [...new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2)]

describe('numbers written in a weight file’s type', () => {
  it.each([
    ['F16', recorded.f16],
    ['BF16', recorded.bf16],
  ] as const)('are rounded to %s as torch rounds them', (dtype, bits) => {
    expect(toWords(encodeValues(values, dtype))).toEqual(bits)
    expect(toWords(encodeValues(roundTo(values, dtype), dtype))).toEqual(bits)
  })

  it.each(['F16', 'BF16'] as const)('stay what they are once they are of the type %s', (dtype) => {
    const rounded = roundTo(values, dtype)
    expect(roundTo(rounded, dtype)).toEqual(rounded)
    expect(rounded).not.toEqual(values)
  })

  it.each(['F16', 'BF16'] as const)('that are none stay none in %s', (dtype) => {
    expect([...roundTo(Float32Array.of(NaN, 1, -NaN), dtype)]).toEqual([NaN, 1, NaN])
  })

  it('keep all their digits in f32 and f64', () => {
    expect(new Float32Array(encodeValues(values, 'F32').slice().buffer)).toEqual(values)
    expect([...new Float64Array(encodeValues(values, 'F64').buffer)]).toEqual([...values])
    const part = Float32Array.of(1, 2, 3, 4).subarray(1, 3)
    expect(new Float32Array(encodeValues(part, 'F32').slice().buffer)).toEqual(Float32Array.of(2, 3))
  })

  it('are floats of four types', () => {
    const types = ['F64', 'F32', 'F16', 'BF16', 'F8_E4M3', 'F8_E5M2', 'I64'] as const
    expect(types.filter(isFloatDtype)).toEqual(['F64', 'F32', 'F16', 'BF16'])
  })
})
