import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LedgerStore } from '../ledger-store.ts'
import { ROW_LIMIT_BYTES } from './embedded-blob-store.ts'
import { openEmbeddedLedger } from './index.ts'

describe('blobs of the embedded ledger', () => {
  let folder: string
  let store: LedgerStore
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'blobs-'))
    store = await openEmbeddedLedger({ folder })
  })
  afterEach(async () => {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const listFiles = (): string[] =>
    existsSync(join(folder, 'blobs'))
      ? readdirSync(join(folder, 'blobs'), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map(({ name }) => name)
      : []
  const readElsewhere = async (ref: Awaited<ReturnType<LedgerStore['blobs']['put']>>) => {
    const other = await openEmbeddedLedger({ folder })
    const bytes = await other.blobs.read(ref)
    await other.close()
    return bytes
  }

  it.each([
    ['results/j/1/0', 0, []],
    ['results/j/1/0', ROW_LIMIT_BYTES, []],
    ['results/j/1/0', ROW_LIMIT_BYTES + 1, ['0']],
    ['inputs/a/abc', 10, ['abc']],
  ])('%s of %d bytes comes back, from files %j', async (key, length, files) => {
    const bytes = randomBytes(length)
    const ref = await store.blobs.put(key, bytes, 'image/png')
    expect(listFiles()).toEqual(files)
    expect(Buffer.compare((await readElsewhere(ref))!, bytes)).toBe(0)
  })

  it('reads what an earlier version stored as a small file', async () => {
    const { sha256 } = await store.blobs.put('results/other/1/0', Buffer.from('x'), 'image/png')
    mkdirSync(join(folder, 'blobs/results/j/1'), { recursive: true })
    writeFileSync(join(folder, 'blobs/results/j/1/0'), 'x')
    const ref = { key: 'results/j/1/0', sizeBytes: 1, sha256, mediaType: 'image/png' }
    expect(Buffer.from((await store.blobs.read(ref))!).toString()).toBe('x')
  })

  it('refuses a row whose hash is another', async () => {
    const ref = await store.blobs.put('results/j/1/0', Buffer.from('x'), 'image/png')
    await expect(store.blobs.read({ ...ref, sha256: '0'.repeat(64) })).rejects.toMatchObject({
      code: 'internal',
    })
  })

  it('forgets a row, once and again', async () => {
    const ref = await store.blobs.put('results/j/1/0', Buffer.from('x'), 'image/png')
    await store.blobs.remove(ref.key)
    await store.blobs.remove(ref.key)
    expect(await store.blobs.read(ref)).toBeUndefined()
  })

  it('puts the same key twice', async () => {
    await store.blobs.put('results/j/1/0', Buffer.from('x'), 'image/png')
    const ref = await store.blobs.put('results/j/1/0', Buffer.from('x'), 'image/png')
    expect(Buffer.from((await store.blobs.read(ref))!).toString()).toBe('x')
  })
})
