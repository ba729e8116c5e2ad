/**
 * What a shared ledger meets and deals with by itself. Nothing here is an error of a call; it is told so that it can be
 * counted and seen.
 */
export const LEDGER_EVENT_KINDS = [
  'connected', // the broker is there and its streams are in place
  'disconnected', // the broker is gone; calls wait or fail as unavailable
  'refused', // the broker answered but cannot be used: credentials, no JetStream, a stream of another kind
  'reloaded', // a view of a stream was read again from its start
  'unreadable', // a stored message is no valid protobuf, or says another key than its own; it is left out
  'newer-format', // a stored message was written by a newer program; it is left alone
  'too-large', // something was refused because it passes a limit of the broker
  'storage-full', // the broker has no room
  'conflict', // a compare-and-set met another writer and was tried again
  'lease-expired', // a job was taken back from a worker that fell silent
  'work-restored', // a queued job had lost its work message
  'not-heard', // the broker does not let this process answer under its name; its jobs are held by leases alone
  'work-dropped', // a work message stood for a job that is not queued
] as const

/** One of these kinds. */
export type LedgerEventKind = (typeof LEDGER_EVENT_KINDS)[number]

/** One such thing. */
export interface LedgerEvent {
  readonly kind: LedgerEventKind
  /** What it is about: a stream, a key, a server. */
  readonly subject: string
  readonly cause?: unknown
}

/** Hears what a shared ledger meets; must not throw. */
export type LedgerEventListener = (event: LedgerEvent) => void
