import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BlobRef } from '@atelier/proto'
import { isWrittenOnce, type BlobStore } from '../blob-store.ts'
import { AtelierError } from '../errors.ts'
import type { CommitQueue } from './commit-queue.ts'
import { toBytes, type EmbeddedDatabase } from './database.ts'
import { tellDiskFaults } from './disk-faults.ts'

/** A part of a key that may be a file name as it is. */
const PLAIN_PART = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/

/** Largest result that is kept in the database, bytes: two syncs of the disk for a file of its own cost more. */
export const ROW_LIMIT_BYTES = 16 * 1024

/** What a blob store is made of. */
export interface BlobStoreOptions {
  readonly folder: string
  readonly database: EmbeddedDatabase
  /** The queue that the job ledger writes through: a small result shares its commits. */
  readonly commits: CommitQueue
}

/**
 * Blobs as files below `<folder>/blobs`: written aside, synced, renamed, and checked against their hash when read. Small
 * results of jobs are rows of the database: they survive a power cut when the record that names them does, for that is
 * committed later in the same log.
 */
export function createBlobStore({ folder, database, commits }: BlobStoreOptions): BlobStore {
  const pathOf = (key: string) => join(folder, 'blobs', ...key.split('/').map(toFileName))
  const isRow = (key: string, size: number): boolean => isWrittenOnce(key) && size <= ROW_LIMIT_BYTES
  const insert = database.prepare('INSERT OR REPLACE INTO blobs VALUES (?, ?)')
  const select = database.prepare('SELECT bytes FROM blobs WHERE key = ?')
  const remove = database.prepare('DELETE FROM blobs WHERE key = ?')
  const readRow = (key: string): Uint8Array | undefined => {
    const row = select.get(key) as { bytes: Uint8Array | ArrayBuffer } | undefined
    return row && toBytes(row.bytes)
  }
  return tellDiskFaults({
    async put(key: string, bytes: Uint8Array, mediaType: string) {
      const ref = { key, sizeBytes: bytes.byteLength, sha256: sha256(bytes), mediaType }
      if (isRow(key, bytes.byteLength)) {
        await commits.run('relaxed', () => insert.run(key, Buffer.from(bytes)))
        return ref
      }
      const path = pathOf(key)
      await mkdir(dirname(path), { recursive: true })
      const aside = `${path}.${randomUUID()}.part`
      try {
        await writeSynced(aside, bytes)
        await rename(aside, path)
      } catch (fault) {
        await rm(aside, { force: true }).catch(() => undefined)
        throw fault
      }
      await syncFolder(dirname(path))
      return ref
    },
    async read(ref: BlobRef) {
      const row = isRow(ref.key, ref.sizeBytes) ? readRow(ref.key) : undefined
      const file = (): Promise<Uint8Array | undefined> =>
        readFile(pathOf(ref.key)).catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return undefined
          throw new AtelierError('unavailable', `blob ${ref.key} cannot be read`, { cause: error })
        })
      // An earlier version of this program made files of all.
      const bytes = row ?? (await file())
      if (bytes === undefined) return undefined
      if (sha256(bytes) !== ref.sha256)
        throw new AtelierError('internal', `blob ${ref.key} is damaged on disk`)
      return bytes
    },
    async remove(key: string) {
      if (isWrittenOnce(key)) await commits.run('durable', () => remove.run(key))
      await rm(pathOf(key), { force: true })
    },
  })
}

function toFileName(part: string): string {
  return PLAIN_PART.test(part) ? part : `~${createHash('sha256').update(part).digest('hex')}`
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes the rename itself durable; folders cannot be opened on every system, and then the rename is all there is. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
