import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCases } from '../test-kit.ts'
import { CheckpointError } from './checkpoint-error.ts'
import { readSafetensors } from './safetensors.ts'
import { readTensorBytes } from './weight-file.ts'
import { readWeightFile } from './read-weight-file.ts'

interface PickleCase {
  file: string
  expected: string
}

const folder = new URL('__fixtures__/pickles/', import.meta.url)
const good = readCases<PickleCase>(new URL('good.jsonl', folder))
const hostile = readCases<PickleCase>(new URL('hostile.jsonl', folder))
const pathOf = (name: string) => new URL(name, folder).pathname

describe('readWeightFile', () => {
  it.each(good.filter(({ expected }) => expected.endsWith('.expected.safetensors')))(
    'reads $file as PyTorch does',
    ({ file, expected }) => {
      const [actual, wanted] = [
        readWeightFile(pathOf(`good/${file}`)),
        readSafetensors(pathOf(`good/${expected}`)),
      ]
      expect([...actual.tensors.keys()].sort()).toEqual([...wanted.tensors.keys()].sort())
      for (const [name, entry] of wanted.tensors) {
        const found = actual.tensors.get(name)!
        expect([found.dtype, found.shape]).toEqual([entry.dtype, entry.shape])
        expect(Buffer.from(readTensorBytes(actual, found))).toEqual(readTensorBytes(wanted, entry))
      }
    },
  )

  it('refuses a file of which half is missing', () => {
    expect(() => readWeightFile(pathOf('good/truncated.pt'))).toThrow(
      expect.objectContaining({ fault: 'malformed' }),
    )
  })

  it.each(hostile.filter(({ expected }) => expected === 'reject'))(
    'refuses $file, naming it and the reason, and does nothing',
    ({ file }) => {
      const refuse = () => readWeightFile(pathOf(`hostile/${file}`))
      expect(refuse).toThrow(CheckpointError)
      expect(refuse).toThrow(file)
      expect(existsSync('PWNED')).toBe(false)
    },
  )

  it('finds no tensor in a pickle of nothing but nesting', () => {
    expect(readWeightFile(pathOf('hostile/deep_nesting.zip.pt')).tensors.size).toBe(0)
  })
})
