/** Why a weight file cannot be used. */
export type CheckpointFault =
  | 'unreadable' // the system refused to open or read it
  | 'malformed' // its bytes are not what its format promises
  | 'over-limit' // it promises more than we accept
  | 'refused' // it names code that weights have no need of
  | 'unknown-structure' // readable, but no network we know

/** A weight file that cannot be used: which one and why, in words for its owner. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError'
  readonly fault: CheckpointFault
  readonly path: string
  readonly reason: string

  constructor(fault: CheckpointFault, path: string, reason: string, options: ErrorOptions = {}) {
    super(`${path}: ${reason}`, options)
    this.fault = fault
    this.path = path
    this.reason = reason
  }
}
