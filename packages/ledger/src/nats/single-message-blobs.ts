import { createHash } from 'node:crypto'
import { API_CODES, hasCode } from './errors.ts'
import type { Session } from './link.ts'

/** Largest blob that is stored as one message, bytes; less where the broker's messages are smaller. */
export const SINGLE_MESSAGE_BYTES = 512 * 1024
/** Room in a message for what is not the blob, bytes. */
const HEADROOM_BYTES = 4 * 1024

/** Whether a blob of this size goes into one message. */
export function fitsInMessage(sizeBytes: number, maxPayload: number): boolean {
  return sizeBytes > 0 && sizeBytes <= Math.min(SINGLE_MESSAGE_BYTES, maxPayload - HEADROOM_BYTES)
}

/** A blob that is written once: in one message among the chunks of its object store, found by its key's hash. */
export async function putSingle(
  { publisher }: Session,
  { bucket, key }: { bucket: string; key: string },
  bytes: Uint8Array,
): Promise<void> {
  await publisher.publish(toSubject(bucket, key), bytes)
}

/** Its bytes; undefined when there is no such message. */
export async function readSingle(
  { jsm }: Session,
  { bucket, key }: { bucket: string; key: string },
): Promise<Uint8Array | undefined> {
  try {
    const message = await jsm.streams.getMessage(`OBJ_${bucket}`, { last_by_subj: toSubject(bucket, key) })
    return message?.data
  } catch (error) {
    if (hasCode(error, API_CODES.messageNotFound)) return undefined
    throw error
  }
}

/** Takes it away; removing nothing is no error. */
export async function removeSingle(
  { jsm }: Session,
  { bucket, key }: { bucket: string; key: string },
): Promise<void> {
  await jsm.streams.purge(`OBJ_${bucket}`, { filter: toSubject(bucket, key) })
}

function toSubject(bucket: string, key: string): string {
  return `$O.${bucket}.C.single-${createHash('sha256').update(key).digest('base64url')}`
}
