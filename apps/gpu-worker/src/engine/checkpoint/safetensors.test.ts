import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCases } from '../test-kit.ts'
import { CheckpointError } from './checkpoint-error.ts'
import { findRepeatedName } from './json-names.ts'
import { readTensor } from './read-tensor.ts'
import { readSafetensors } from './safetensors.ts'

interface VerdictCase {
  file: string
  expected: 'accept' | 'reject' | 'either'
}

const folder = new URL('__fixtures__/safetensors_malformed/', import.meta.url)
const cases = readCases<VerdictCase>(new URL('cases.jsonl', folder))

describe('readSafetensors', () => {
  it.each(cases.filter(({ expected }) => expected === 'accept'))('accepts $file', ({ file }) => {
    expect(() => readSafetensors(new URL(file, folder).pathname)).not.toThrow()
  })

  it.each(cases.filter(({ expected }) => expected === 'reject'))(
    'refuses $file, naming it and the reason',
    ({ file }) => {
      const path = new URL(file, folder).pathname
      const refuse = () => readSafetensors(path)
      expect(refuse).toThrow(CheckpointError)
      expect(refuse).toThrow(file)
    },
  )

  it('refuses a file that is not there', () => {
    expect(() => readSafetensors('/nowhere/x.safetensors')).toThrow(
      expect.objectContaining({ fault: 'unreadable' }),
    )
  })

  it('never does anything but accept or refuse, whatever one byte of a good file becomes', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'fuzz-')), 'x.safetensors')
    const header = Buffer.from(
      '{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"__metadata__":{"k":"v"}}',
    )
    const good = Buffer.concat([
      Buffer.from(BigUint64Array.of(BigInt(header.length)).buffer),
      header,
      Buffer.alloc(16),
    ])
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Buffer.from(good)
        bytes[at] = byte
        writeFileSync(path, bytes)
        try {
          readSafetensors(path)
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('findRepeatedName', () => {
  it.each([
    ['{"a":1,"a":2}', 'a'],
    [String.raw`{"a":1,"\u0061":2}`, 'a'],
    ['{"x":{"b":[1,"b"],"b":2}}', 'b'],
  ])('finds the repetition in %s', (json, name) => {
    expect(findRepeatedName(json)).toBe(name)
  })

  it.each(['{"a":{"a":1},"b":["a","a"]}', '{}', '[{"a":1},{"a":1}]', '{"a":"a","b":"\\"a\\":"}'])(
    'finds none in %s',
    (json) => {
      expect(findRepeatedName(json)).toBeUndefined()
    },
  )
})

describe('readTensor', () => {
  interface DtypeCase {
    name: string
    dtype: string
    values: (number | string)[]
  }
  const base = new URL('__fixtures__/safetensors_dtypes/', import.meta.url)
  const rows = readCases<DtypeCase>(new URL('all.jsonl', base))
  const file = readSafetensors(new URL('all.safetensors', base).pathname)
  const toNumber = (value: number | string) =>
    typeof value === 'string' ? Number(value.replace('inf', 'Infinity')) : value

  it.each(rows.filter((row) => Array.isArray(row.values) && !/^C64|F8_E8M0|F4|F6/.test(row.dtype)))(
    'reads $dtype as the library does',
    (row) => {
      const { data } = readTensor(file, row.name)
      expect([...data]).toEqual(row.values.flat(9).map((value) => Math.fround(toNumber(value))))
    },
  )
})
