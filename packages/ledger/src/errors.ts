/**
 * The closed set of error codes a job or a request can end with. `retryable` says whether the same job could
 * succeed if tried again by itself; each surface translates a code to the body its clients know, once.
 */
export const ERROR_CODES = {
  /** The request is malformed or outside a limit. */
  'invalid-request': { retryable: false },
  /** A named thing (checkpoint, job, file) does not exist. */
  'not-found': { retryable: false },
  /** The same idempotency key came with another body. */
  conflict: { retryable: false },
  /** The tenant has too many jobs waiting. */
  'tenant-queue-full': { retryable: true },
  /** The whole service has too many jobs waiting, or no room left to store results. */
  'queue-full': { retryable: true },
  /** The ledger or the blob store cannot be reached. */
  unavailable: { retryable: true },
  /** A weight file is malformed, hostile or of an unknown kind. */
  'unusable-model': { retryable: false },
  /** The file changed since admission. */
  'model-changed': { retryable: true },
  /** A node graph's node failed. */
  'node-failed': { retryable: false },
  /** The networks gave NaN even in f32. */
  'not-a-number': { retryable: false },
  /** The device has too little memory for this job, beside what else it runs at the moment. */
  'out-of-memory': { retryable: true },
  /** The engine process died or hung while it ran the job. */
  'engine-died': { retryable: true },
  /** The job was stopped on request. */
  interrupted: { retryable: false },
  /** A fault of ours; its text is not shown to clients. */
  internal: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>

/** A code of the closed set. */
export type ErrorCode = keyof typeof ERROR_CODES

/** The one error class that crosses module boundaries. */
export class AtelierError extends Error {
  override readonly name = 'AtelierError'
  readonly code: ErrorCode
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.retryable = ERROR_CODES[code].retryable
  }
}

/** Recognises an AtelierError by name and code, so that it survives duplicated modules and process boundaries. */
export function isAtelierError(value: unknown): value is AtelierError {
  return value instanceof Error && value.name === 'AtelierError' && 'code' in value
}
