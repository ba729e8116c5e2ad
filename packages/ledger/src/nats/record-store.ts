import { setTimeout as sleep } from 'node:timers/promises'
import type { JobRecord } from '@atelier/proto'
import type { BlobStore } from '../blob-store.ts'
import { AtelierError, isAtelierError } from '../errors.ts'
import { Bucket, type Stored } from './bucket.ts'
import type { NatsLink } from './link.ts'
import { completeRecord, decodeRecord, encodeRecord, toRecordKey } from './record-codec.ts'

/** How often a change is tried when others change the same record. */
const MAX_TRIES = 20
/** How long a change whose answer was lost is followed up, milliseconds. */
const FOLLOW_UP_MS = 15_000
/** Pause after a lost answer, milliseconds. */
const FOLLOW_UP_PAUSE_MS = 250

/** A record and the revision of its bucket entry. */
export interface KnownRecord {
  readonly record: JobRecord
  readonly revision: number
}

/** What came of a change. */
export interface Change extends KnownRecord {
  /** False: the transition was refused, the record is as it was. */
  readonly isChanged: boolean
}

/** Job records in their bucket: every change is a compare-and-set over what was read. */
export class RecordStore {
  readonly bucket: Bucket
  readonly #link: NatsLink
  readonly #blobs: BlobStore
  readonly #onWrite: (known: KnownRecord) => void

  constructor(link: NatsLink, blobs: BlobStore, onWrite: (known: KnownRecord) => void) {
    this.bucket = new Bucket(link, link.names.jobs)
    this.#link = link
    this.#blobs = blobs
    this.#onWrite = onWrite
  }

  /** The record as its leader has it, large parts still aside. */
  async read(tenant: string, jobId: string): Promise<KnownRecord | undefined> {
    const found = await this.find(tenant, jobId)
    return typeof found === 'string' ? undefined : found
  }

  /** The same, telling a record that was removed from one that was never made (or that this program cannot read). */
  async find(tenant: string, jobId: string): Promise<KnownRecord | 'removed' | 'nothing'> {
    const key = toRecordKey(tenant, jobId)
    const found = await this.bucket.find(key)
    if (!('value' in found)) return found.isRemoved ? 'removed' : 'nothing'
    return this.#decode(key, found) ?? 'nothing'
  }

  /** The record with its large parts. */
  complete(record: JobRecord): Promise<JobRecord> {
    return completeRecord(record, this.#blobs)
  }

  /** Stores a first record; undefined when its key has been used before. */
  async create(record: JobRecord): Promise<KnownRecord | undefined> {
    const key = toRecordKey(record.job?.tenant ?? '', record.job?.id ?? '')
    const revision = await this.bucket.replace(key, await this.#encode(record), 0)
    return revision === undefined ? undefined : this.#written({ record, revision })
  }

  /**
   * Applies a transition to the newest record, again and again while others are faster. `known` saves a read when it
   * is still the newest. Undefined: there is no such record, or none this program can read.
   */
  async change(
    place: { tenant: string; jobId: string },
    transition: (record: JobRecord) => JobRecord | undefined,
    known?: KnownRecord,
  ): Promise<Change | undefined> {
    const key = toRecordKey(place.tenant, place.jobId)
    const until = performance.now() + FOLLOW_UP_MS
    let guess = known
    let unanswered: Uint8Array | undefined
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const stored = guess === undefined ? await this.bucket.read(key) : undefined
      const current = guess ?? (stored && this.#decode(key, stored))
      if (current === undefined) return undefined
      // The answer to an earlier try was lost, but the change was made.
      if (stored !== undefined && unanswered !== undefined && isSame(stored.value, unanswered))
        return { ...this.#written(current), isChanged: true }
      const next = transition(current.record)
      if (next === undefined && guess === undefined) return { ...current, isChanged: false }
      guess = undefined
      if (next === undefined) continue
      const bytes = await this.#encode(next)
      try {
        const revision = await this.bucket.replace(key, bytes, current.revision)
        if (revision !== undefined) return { ...this.#written({ record: next, revision }), isChanged: true }
        this.#link.emit({ kind: 'conflict', subject: key })
      } catch (error) {
        if (!isAtelierError(error) || error.code !== 'unavailable' || performance.now() > until) throw error
        unanswered = bytes
        await sleep(FOLLOW_UP_PAUSE_MS)
      }
    }
    throw new AtelierError('unavailable', `job ${place.jobId} is changed by too many at once`)
  }

  /** A stored entry as a record; undefined when it is not usable. */
  #decode(key: string, stored: Stored): KnownRecord | undefined {
    const record = decodeRecord(key, stored.value, this.#link.emit)
    return record && { record, revision: stored.revision }
  }

  async #encode(record: JobRecord): Promise<Uint8Array> {
    return encodeRecord(record, this.#blobs)
  }

  #written<T extends KnownRecord>(known: T): T {
    this.#onWrite(known)
    return known
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}
