import { JetStreamApiError } from '@nats-io/jetstream'
import { NoRespondersError } from '@nats-io/transport-node'
import { AtelierError, isAtelierError } from '../errors.ts'

/** JetStream's error codes that decide something here (server/errors.json of nats-server). */
export const API_CODES = {
  wrongLastSequence: 10071,
  wrongLastSequenceUnknown: 10164,
  streamNotFound: 10059,
  streamNameInUse: 10058,
  consumerNotFound: 10014,
  messageNotFound: 10037,
  sequenceNotFound: 10043,
  /** What a replicated stream answers for a message that is gone, too. */
  messageDeleteFailed: 10057,
  messageTooLarge: 10054,
  noRoom: [10077, 10047, 10028, 10023, 10052],
} as const

/** Whether a compare-and-set met another writer. */
export function isConflict(error: unknown): boolean {
  return hasCode(error, API_CODES.wrongLastSequence, API_CODES.wrongLastSequenceUnknown)
}

/** Whether a stream is missing: it was deleted, or never made. */
export function isMissingStream(error: unknown): boolean {
  return (
    hasCode(error, API_CODES.streamNotFound) ||
    error instanceof NoRespondersError ||
    (error instanceof Error && error.name === 'JetStreamNotEnabled')
  )
}

/** Whether the broker refused for want of room. */
export function isNoRoom(error: unknown): boolean {
  return hasCode(error, ...API_CODES.noRoom)
}

/** Whether JetStream answered with one of these codes. */
export function hasCode(error: unknown, ...codes: readonly number[]): boolean {
  return error instanceof JetStreamApiError && codes.includes(error.code)
}

/** The broker's refusals in the words of the ledger: `queue-full` for want of room, otherwise `unavailable`. */
export function toAtelierError(what: string, error: unknown): AtelierError {
  if (isAtelierError(error)) return error
  const reason = error instanceof Error ? error.message : String(error)
  if (isNoRoom(error))
    return new AtelierError('queue-full', `the broker has no room left: ${what}: ${reason}`, { cause: error })
  if (hasCode(error, API_CODES.messageTooLarge) || /max_payload|maximum payload/i.test(reason))
    return new AtelierError('invalid-request', `${what} is larger than the broker takes: ${reason}`, {
      cause: error,
    })
  return new AtelierError('unavailable', `the broker cannot be reached: ${what}: ${reason}`, { cause: error })
}
