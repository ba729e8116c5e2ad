import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readUpTo, withOpenFile } from './read-bytes.ts'

describe('readUpTo', () => {
  const folder = mkdtempSync(join(tmpdir(), 'read-bytes-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each([
    [1, 2, [2, 3]],
    [2, 5, [3]],
    [3, 5, []],
    // A1111's short hash looks a mebibyte into the file, however small it is.
    [0x100000, 0x10000, []],
  ])('reads from byte %i at most %i bytes of three', (position, length, expected) => {
    const path = join(folder, 'three')
    writeFileSync(path, Uint8Array.of(1, 2, 3))
    expect([...withOpenFile(path, (file) => readUpTo(file, position, length))]).toEqual(expected)
  })
})
