import type { BlobRef } from '@atelier/proto'
import type { BlobStore } from './blob-store.ts'

/**
 * A store that took another one's place: new blobs go to it, those the earlier one still holds are found there until
 * they have gone, so that the change loses nothing and needs no copying.
 */
export class FallbackBlobStore implements BlobStore {
  readonly #store: BlobStore
  readonly #earlier: BlobStore

  constructor(store: BlobStore, earlier: BlobStore) {
    this.#store = store
    this.#earlier = earlier
  }

  put(key: string, bytes: Uint8Array, mediaType: string): Promise<BlobRef> {
    return this.#store.put(key, bytes, mediaType)
  }

  async read(ref: BlobRef): Promise<Uint8Array | undefined> {
    return (await this.#store.read(ref)) ?? this.#earlier.read(ref)
  }

  async remove(key: string): Promise<void> {
    await Promise.all([this.#store.remove(key), this.#earlier.remove(key)])
  }
}
