import type { BlobRef } from '@atelier/proto'

/** Blobs of jobs outlive the records that name them by this much, hours. */
export const BLOB_MARGIN_HOURS = 24

/** Immutable bytes by key. A blob is stored and synced before any record names it. */
export interface BlobStore {
  /** Stores bytes under a key, durable when the promise resolves; the same key with the same bytes is a no-op. */
  put(key: string, bytes: Uint8Array, mediaType: string): Promise<BlobRef>
  /**
   * The bytes, or undefined when there are none.
   * @throws AtelierError `internal` when size or hash do not match
   */
  read(ref: BlobRef): Promise<Uint8Array | undefined>
  /** Removes a blob; removing nothing is no error. */
  remove(key: string): Promise<void>
}

/** An upload as it lies in a store. */
export interface StoredUpload {
  readonly key: string
  /** How long ago it was stored, milliseconds. */
  readonly ageMs: number
}

/** The uploads of a store, for whoever removes those without a name. */
export interface UploadStore {
  /** Every upload, in no order. */
  listUploads(): AsyncIterable<StoredUpload>
  /** Removes an upload unless it was stored again within the given time, milliseconds; false: it was, or is gone. */
  removeOld(key: string, youngMs: number): Promise<boolean>
}

/** Keys of uploads, as `toInputKey` makes them. */
export const UPLOAD_KEY = /^inputs\/([a-z0-9-]{1,64})\/([0-9a-f]{64})$/

/** Whether one execution of a job writes this key, once: never again with other bytes. */
export function isWrittenOnce(key: string): boolean {
  return /^(results|records)\//.test(key)
}

/** Content-addressed key of an uploaded file: kept until it is removed. */
export function toInputKey(tenant: string, sha256: string): string {
  return `inputs/${tenant}/${sha256}`
}

/** Content-addressed key of something a request brought: it may go when the records of its jobs have gone. */
export function toRequestKey(tenant: string, sha256: string): string {
  return `requests/${tenant}/${sha256}`
}

/** Key of the n-th result file of one execution of a job. */
export function toResultKey(jobId: string, epoch: number, index: number): string {
  return `results/${jobId}/${epoch}/${index}`
}
