import type { LedgerEvent, LedgerEventKind } from './ledger-events.ts'

/** The part of a logger that is used. */
export interface EventLogger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

const TEXTS: Readonly<Record<LedgerEventKind, readonly [keyof EventLogger, string]>> = {
  connected: ['info', 'the broker is reached, its streams are in place'],
  disconnected: ['warn', 'the broker is gone; calls wait, and fail as unavailable'],
  refused: ['warn', 'the broker cannot be used; trying again'],
  reloaded: ['info', 'a stream is followed anew'],
  unreadable: ['warn', 'a stored message is not readable; it is left out'],
  'newer-format': ['warn', 'a stored message was written by a newer program; it is left alone'],
  'too-large': ['warn', 'something passes a limit of the broker'],
  'storage-full': ['warn', 'the broker has no room left'],
  conflict: ['debug', 'another writer was faster; trying again'],
  'lease-expired': ['warn', 'a worker fell silent; its job is queued again, or parked'],
  'not-heard': [
    'warn',
    'the broker lets nobody hear that this process lives: jobs it holds when it dies wait for their leases',
  ],
  'work-restored': ['info', 'a waiting job had lost its work message; it has one again'],
  'work-dropped': ['info', 'a work message stood for no waiting job; it is gone'],
}

/** Logs what a shared ledger meets. */
export function logLedgerEvent(logger: EventLogger, { kind, subject, cause }: LedgerEvent): void {
  const [level, text] = TEXTS[kind]
  logger[level]({ event: `ledger-${kind}`, subject, ...(cause !== undefined && { err: cause }) }, text)
}
