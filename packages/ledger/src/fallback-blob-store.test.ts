import type { BlobRef } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import type { BlobStore } from './blob-store.ts'
import { FallbackBlobStore } from './fallback-blob-store.ts'

class MemoryBlobStore implements BlobStore {
  readonly blobs = new Map<string, Uint8Array>()

  async put(key: string, bytes: Uint8Array, mediaType: string): Promise<BlobRef> {
    this.blobs.set(key, bytes)
    return { key, sizeBytes: bytes.byteLength, sha256: '', mediaType }
  }

  async read({ key }: BlobRef): Promise<Uint8Array | undefined> {
    return this.blobs.get(key)
  }

  async remove(key: string): Promise<void> {
    this.blobs.delete(key)
  }
}

describe('FallbackBlobStore', () => {
  it('stores in the new place, finds in both, removes from both', async () => {
    const [now, earlier] = [new MemoryBlobStore(), new MemoryBlobStore()]
    const store = new FallbackBlobStore(now, earlier)
    const [old, fresh] = [
      await earlier.put('old', Buffer.from('1'), 'image/png'),
      await store.put('fresh', Buffer.from('2'), 'image/png'),
    ]
    expect([...now.blobs.keys()]).toEqual(['fresh'])
    expect(await store.read(old)).toEqual(Buffer.from('1'))
    expect(await store.read(fresh)).toEqual(Buffer.from('2'))
    await store.remove('old')
    await store.remove('fresh')
    expect([now.blobs.size, earlier.blobs.size]).toEqual([0, 0])
    expect(await store.read(old)).toBeUndefined()
  })
})
