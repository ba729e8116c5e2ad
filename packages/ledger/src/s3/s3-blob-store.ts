import { createHash } from 'node:crypto'
import type { BlobRef } from '@atelier/proto'
import { UPLOAD_KEY, type BlobStore, type UploadStore } from '../blob-store.ts'
import { ByteCache } from '../byte-cache.ts'
import { AtelierError } from '../errors.ts'
import { toObjectKey } from './object-key.ts'
import { S3Client } from './s3-client.ts'
import type { S3Settings } from './settings.ts'

/** Bytes kept of blobs that were read or written a moment ago. */
const CACHE_BYTES = 64 * 1024 * 1024
/** Kinds of blobs that belong to a job or a worker and go when they are old; all others are kept until removed. */
const PASSING_KINDS = ['results', 'requests', 'records', 'workers']
/** Blobs removed at once by a sweep. */
const REMOVALS_AT_ONCE = 8

/** Blobs as objects of one bucket of an S3 store. */
export class S3BlobStore implements BlobStore, UploadStore {
  readonly #settings: S3Settings
  readonly #client: S3Client
  readonly #cache = new ByteCache(CACHE_BYTES)

  constructor(settings: S3Settings, onNoRoom: (error: AtelierError) => void = () => undefined) {
    this.#settings = settings
    this.#client = new S3Client(settings, onNoRoom)
  }

  async put(key: string, bytes: Uint8Array, mediaType: string): Promise<BlobRef> {
    const ref = { key, sizeBytes: bytes.byteLength, sha256: sha256(bytes), mediaType }
    // Stored again even when it is there: its age decides how long it stays.
    await this.#client.call({ method: 'PUT', key: this.#keyOf(key), body: toPlainBytes(bytes), mediaType })
    this.#cache.set(cacheKey(ref), bytes)
    return ref
  }

  async read(ref: BlobRef): Promise<Uint8Array | undefined> {
    const cached = this.#cache.get(cacheKey(ref))
    if (cached !== undefined) return cached
    const { status, bytes } = await this.#client.call({ method: 'GET', key: this.#keyOf(ref.key) })
    if (status === 404) return undefined
    if (sha256(bytes) !== ref.sha256)
      throw new AtelierError('internal', `blob ${ref.key} is damaged in the S3 store`)
    this.#cache.set(cacheKey(ref), bytes)
    return bytes
  }

  async remove(key: string): Promise<void> {
    this.#cache.deletePrefix(`${key}\n`)
    await this.#client.call({ method: 'DELETE', key: this.#keyOf(key) })
  }

  /**
   * Removes blobs of jobs that are older than they are kept, by the store's own clock: their records have gone before
   * them. Returns how many went.
   */
  async sweep(): Promise<number> {
    let count = 0
    for (const kind of PASSING_KINDS) {
      for await (const page of this.#list(`${kind}/`)) {
        const old = page.flatMap(({ key, ageMs }) => (ageMs > this.#settings.keepMs ? [key] : []))
        for (let start = 0; start < old.length; start += REMOVALS_AT_ONCE) {
          const keys = old.slice(start, start + REMOVALS_AT_ONCE)
          await Promise.all(keys.map((key) => this.#client.call({ method: 'DELETE', key })))
        }
        count += old.length
      }
    }
    return count
  }

  async *listUploads(): AsyncIterable<{ key: string; ageMs: number }> {
    const prefix = `${this.#settings.prefix}/`
    for await (const page of this.#list('inputs/'))
      for (const { key, ageMs } of page) {
        const own = key.slice(prefix.length)
        if (UPLOAD_KEY.test(own)) yield { key: own, ageMs }
      }
  }

  /** Looks once more, as late as it can: S3 knows no removal of a certain version without versioning. */
  async removeOld(key: string, youngMs: number): Promise<boolean> {
    const name = this.#keyOf(key)
    for await (const page of this.#list(toObjectKey(key)))
      for (const found of page)
        if (found.key === name && found.ageMs >= youngMs) {
          await this.remove(key)
          return true
        }
    return false
  }

  /** Objects whose keys begin so, and how old they are by the store's own clock, a page of its listing at a time. */
  async *#list(prefix: string): AsyncIterable<{ key: string; ageMs: number }[]> {
    let after: string | undefined
    do {
      const { bytes, dateMs } = await this.#client.call({
        method: 'GET',
        key: '',
        query: {
          'list-type': '2',
          prefix: `${this.#settings.prefix}/${prefix}`,
          ...(after !== undefined && { 'continuation-token': after }),
        },
      })
      const page = Buffer.from(bytes).toString()
      yield [...page.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, entry = '']) => ({
        key: readTag(entry, 'Key'),
        // One that tells no time is as young as can be.
        ageMs: dateMs - (Date.parse(readTag(entry, 'LastModified')) || dateMs),
      }))
      after = readTag(page, 'IsTruncated') === 'true' ? readTag(page, 'NextContinuationToken') : undefined
    } while (after !== undefined && after !== '')
  }

  #keyOf(key: string): string {
    return `${this.#settings.prefix}/${toObjectKey(key)}`
  }
}

/** The text of an XML element; our own keys need no entities, and tokens have those of "&" at most. */
function readTag(xml: string, name: string): string {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? ''
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

/** Bytes in memory of their own kind: what is sent may be a view of anything. */
function toPlainBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function cacheKey(ref: BlobRef): string {
  return `${ref.key}\n${ref.sha256}`
}
