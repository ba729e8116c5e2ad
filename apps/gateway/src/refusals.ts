import type { ErrorCode } from '@atelier/ledger'

/** HTTP status of the codes that are not the handler's own failure, whatever a surface's body looks like. */
export const STATUS_OF_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  'invalid-request': 400,
  conflict: 409,
  'tenant-queue-full': 429,
  'queue-full': 503,
  unavailable: 503,
}

/** When a client may try again after a refusal for want of room, seconds, as the `Retry-After` header has it. */
export const RETRY_AFTER = '5'
