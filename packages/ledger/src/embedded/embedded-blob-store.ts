import { createHash, randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BlobRef } from '@atelier/proto'
import type { BlobStore } from '../blob-store.ts'
import { AtelierError } from '../errors.ts'

/** A part of a key that may be a file name as it is. */
const PLAIN_PART = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/

/** Blobs as files below `<folder>/blobs`: written aside, synced, renamed, and checked against their hash when read. */
export function createBlobStore(folder: string): BlobStore {
  const pathOf = (key: string) => join(folder, 'blobs', ...key.split('/').map(toFileName))
  return {
    async put(key, bytes, mediaType) {
      const path = pathOf(key)
      await mkdir(dirname(path), { recursive: true })
      const aside = `${path}.${randomUUID()}.part`
      await writeSynced(aside, bytes)
      await rename(aside, path)
      await syncFolder(dirname(path))
      return { key, sizeBytes: bytes.byteLength, sha256: sha256(bytes), mediaType }
    },
    async read(ref: BlobRef) {
      const bytes = await readFile(pathOf(ref.key)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined
        throw new AtelierError('unavailable', `blob ${ref.key} cannot be read`, { cause: error })
      })
      if (bytes === undefined) return undefined
      if (sha256(bytes) !== ref.sha256)
        throw new AtelierError('internal', `blob ${ref.key} is damaged on disk`)
      return bytes
    },
    async remove(key) {
      await rm(pathOf(key), { force: true })
    },
  }
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
