import { createHash } from 'node:crypto'
import type { BlobRef } from '@atelier/proto'
import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream'
import { Objm, type ObjectInfo, type ObjectStore } from '@nats-io/obj'
import {
  BLOB_MARGIN_HOURS,
  isWrittenOnce,
  UPLOAD_KEY,
  type BlobStore,
  type UploadStore,
} from '../blob-store.ts'
import { AtelierError } from '../errors.ts'
import { toPlainKey } from '../plain-key.ts'
import { ByteCache } from '../byte-cache.ts'
import { API_CODES, hasCode } from './errors.ts'
import type { NatsLink, Session } from './link.ts'
import { PerSession } from './per-session.ts'
import { fitsInMessage, putSingle, readSingle, removeSingle } from './single-message-blobs.ts'

/** Largest part of a blob in one message, bytes; smaller where the broker takes less. */
const CHUNK_BYTES = 512 * 1024
/** Bytes kept of blobs that were read or written a moment ago. */
const CACHE_BYTES = 64 * 1024 * 1024
/** How long a blob may take to come, milliseconds: the client itself waits for ever. */
const READ_LIMIT_MS = 60_000
/** Keys of blobs that belong to a job and may go when its record does; all others are kept until removed. */
const PASSING = /^(results|requests|records|workers)\//
/**
 * Age from which a blob that is brought again is stored again, milliseconds: half the time blobs outlive records by, and
 * half the age from which an upload without a name may be removed.
 */
const FRESH_MS = (BLOB_MARGIN_HOURS * 3_600_000) / 2
/** Keys whose last part is their content's hash, or that are written once only. */
const CONTENT_KEY = /^(inputs|requests)\//

/** Blobs in two object stores: one that forgets what its jobs' records no longer name, one that keeps. */
export class NatsBlobStore implements BlobStore, UploadStore {
  readonly #link: NatsLink
  readonly #now: () => number
  readonly #cache = new ByteCache(CACHE_BYTES)
  readonly #passing: PerSession<ObjectStore>
  readonly #kept: PerSession<ObjectStore>

  /** @param now milliseconds since 1970 UTC */
  constructor(link: NatsLink, now: () => number = Date.now) {
    this.#link = link
    this.#now = now
    const { results, uploads } = link.names
    this.#passing = new PerSession(({ js }) => new Objm(js).open(results, false))
    this.#kept = new PerSession(({ js }) => new Objm(js).open(uploads, false))
  }

  async put(key: string, bytes: Uint8Array, mediaType: string): Promise<BlobRef> {
    const ref = { key, sizeBytes: bytes.byteLength, sha256: sha256(bytes), mediaType }
    const name = toPlainKey(key)
    await this.#use(`store blob ${key}`, key, async (store, session) => {
      if (isSingle(ref, session)) return putSingle(session, this.#placeOf(key), bytes)
      if (CONTENT_KEY.test(key) && (await this.#isStored(store, ref))) return
      const options = {
        max_chunk_size: Math.min(CHUNK_BYTES, session.connection.info?.max_payload ?? CHUNK_BYTES),
      }
      await store.putBlob({ name, options }, bytes)
    })
    this.#cache.set(cacheKey(ref), bytes)
    return ref
  }

  async read(ref: BlobRef): Promise<Uint8Array | undefined> {
    const cached = this.#cache.get(cacheKey(ref))
    if (cached !== undefined) return cached
    const bytes = await this.#use(`read blob ${ref.key}`, ref.key, async (store, session) => {
      const single = isSingle(ref, session) && (await readSingle(session, this.#placeOf(ref.key)))
      // One of an earlier version of this program is an object, whatever its size.
      return single || withLimit(readObject(store, session, toPlainKey(ref.key)), ref.key)
    })
    if (bytes === undefined) return undefined
    if (sha256(bytes) !== ref.sha256)
      throw new AtelierError('internal', `blob ${ref.key} is damaged in the broker`)
    this.#cache.set(cacheKey(ref), bytes)
    return bytes
  }

  async remove(key: string): Promise<void> {
    this.#cache.deletePrefix(`${key}\n`)
    await this.#use(`remove blob ${key}`, key, async (store, session) => {
      if (isWrittenOnce(key)) await removeSingle(session, this.#placeOf(key))
      await store.delete(toPlainKey(key))
    })
  }

  async *listUploads(): AsyncIterable<{ key: string; ageMs: number }> {
    const infos = await this.#link.use('list uploads', async (session) =>
      (await this.#kept.get(session)).list(),
    )
    for (const { name, mtime, deleted } of infos) {
      const key = name
      if (!deleted && UPLOAD_KEY.test(key)) yield { key, ageMs: this.#now() - Date.parse(mtime) }
    }
  }

  /** Removes the version that is old and no later one: what is stored meanwhile has another place and other parts. */
  async removeOld(key: string, youngMs: number): Promise<boolean> {
    const bucket = this.#link.names.uploads
    const stream = `OBJ_${bucket}`
    return this.#link.use(`remove upload ${key}`, async ({ jsm }) => {
      const filter = `$O.${bucket}.M.${toObjectToken(toPlainKey(key))}`
      const found = await findLast(jsm, stream, filter)
      if (found === undefined) return false
      const { nuid, mtime, deleted = false } = found.json<StoredObject>()
      if (deleted || this.#now() - Date.parse(mtime ?? found.time.toISOString()) < youngMs) return false
      await jsm.streams.purge(stream, { filter, seq: found.seq + 1 })
      await jsm.streams.purge(stream, { filter: `$O.${bucket}.C.${nuid}` })
      this.#cache.deletePrefix(`${key}\n`)
      return true
    })
  }

  /** Whether the blob is there, and young enough to outlive the record that is about to name it. */
  async #isStored(store: ObjectStore, ref: BlobRef): Promise<boolean> {
    const info = await store.info(toPlainKey(ref.key))
    if (info === null || info.deleted || toHex(info) !== ref.sha256) return false
    return this.#now() - Date.parse(info.mtime) < FRESH_MS
  }

  #placeOf(key: string): { bucket: string; key: string } {
    const { results, uploads } = this.#link.names
    return { bucket: PASSING.test(key) ? results : uploads, key }
  }

  #use<T>(what: string, key: string, work: (store: ObjectStore, session: Session) => Promise<T>): Promise<T> {
    const stores = PASSING.test(key) ? this.#passing : this.#kept
    return this.#link.use(what, async (session) => work(await stores.get(session), session))
  }
}

/** An object's name in the subject of its description, as the client writes it: base64url with padding. */
function toObjectToken(name: string): string {
  return Buffer.from(name).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/** What is used of an object's description. */
interface StoredObject {
  readonly nuid: string
  readonly mtime?: string
  readonly deleted?: boolean
}

async function findLast(
  jsm: JetStreamManager,
  stream: string,
  subject: string,
): Promise<StoredMsg | undefined> {
  try {
    return (await jsm.streams.getMessage(stream, { last_by_subj: subject })) ?? undefined
  } catch (error) {
    if (hasCode(error, API_CODES.messageNotFound)) return undefined
    throw error
  }
}

function isSingle({ key, sizeBytes }: BlobRef, { connection }: Session): boolean {
  return isWrittenOnce(key) && fitsInMessage(sizeBytes, connection.info?.max_payload ?? 0)
}

/** One message holds a small blob whole: it is read directly, without a consumer of its own. */
async function readObject(
  store: ObjectStore,
  session: Session,
  name: string,
): Promise<Uint8Array | undefined> {
  const info = await store.info(name)
  if (info === null || info.deleted) return undefined
  if (info.size === 0) return new Uint8Array()
  if (info.chunks > 1) return (await store.getBlob(name)) ?? undefined
  const subject = `$O.${info.bucket}.C.${info.nuid}`
  try {
    const message = await session.jsm.streams.getMessage(`OBJ_${info.bucket}`, { last_by_subj: subject })
    return message?.data
  } catch (error) {
    // Replaced between the two reads.
    if (hasCode(error, API_CODES.messageNotFound)) return undefined
    throw error
  }
}

function toHex(info: ObjectInfo): string {
  return Buffer.from(info.digest.replace(/^SHA-256=/, ''), 'base64url').toString('hex')
}

async function withLimit<T>(work: Promise<T>, key: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new AtelierError('unavailable', `blob ${key} did not come within ${READ_LIMIT_MS} ms`)),
      READ_LIMIT_MS,
    )
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function cacheKey(ref: BlobRef): string {
  return `${ref.key}\n${ref.sha256}`
}
