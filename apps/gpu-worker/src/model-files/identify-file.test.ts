import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readWeightFile } from '../engine/checkpoint/read-weight-file.ts'
import { identifyFile } from './identify-file.ts'

const folder = mkdtempSync(join(tmpdir(), 'identify-'))

/** A file of F32 tensors of the sizes given (elements), each filled with one value. */
function writeWeights(name: string, sizes: readonly number[], valueOf: (tensor: number) => number): string {
  let at = 0
  const header: Record<string, unknown> = {}
  const contents = sizes.map((size, i) => {
    header[`block.${i}.weight`] = { dtype: 'F32', shape: [size], data_offsets: [at, at + size * 4] }
    at += size * 4
    return Buffer.from(new Float32Array(size).fill(valueOf(i)).buffer)
  })
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  const path = join(folder, name)
  writeFileSync(path, Buffer.concat([length, json, ...contents]))
  return path
}

function identify(path: string): string {
  const file = readWeightFile(path)
  return identifyFile(file, file.tensors.values())
}

const MANY_SMALL = Array.from({ length: 40 }, () => 500)
const LARGE = [3_000_000, 1_000, 2_000_000, 10]

describe('identifyFile', () => {
  it('tells files of the same header and size apart by their weights', () => {
    const one = writeWeights('one', LARGE, () => 1)
    const other = writeWeights('other', LARGE, () => 2)
    expect(identify(one)).not.toBe(identify(other))
  })

  it('sees that one tensor of a large file is another, however small', () => {
    const base = writeWeights('base', LARGE, () => 1)
    for (const changed of LARGE.keys()) {
      const variant = writeWeights('variant', LARGE, (tensor) => (tensor === changed ? 2 : 1))
      expect(identify(variant), `tensor ${changed}`).not.toBe(identify(base))
    }
  })

  it('reads a small file whole', () => {
    const base = writeWeights('small', MANY_SMALL, () => 1)
    const variant = writeWeights('small variant', MANY_SMALL, (tensor) => (tensor === 17 ? 2 : 1))
    expect(identify(variant)).not.toBe(identify(base))
  })

  it('knows the same content under another name', () => {
    const one = writeWeights('name', LARGE, (tensor) => tensor)
    const copy = join(folder, 'copy')
    copyFileSync(one, copy)
    expect(identify(copy)).toBe(identify(one))
  })

  it('samples a file without a table of contents over its whole length', () => {
    const bytes = Buffer.alloc(20 * 1024 * 1024)
    const [plain, changed] = ['plain', 'changed'].map((name) => join(folder, name)) as [string, string]
    writeFileSync(plain, bytes)
    writeFileSync(changed, bytes.fill(1, 15 * 1024 * 1024))
    const sizeBytes = bytes.length
    expect(identifyFile({ path: changed, sizeBytes })).not.toBe(identifyFile({ path: plain, sizeBytes }))
  })

  it('is empty for a file that is gone', () => {
    expect(identifyFile({ path: join(folder, 'gone'), sizeBytes: 5 })).toBe('')
  })
})
