import { setTimeout as sleep } from 'node:timers/promises'
import type { LedgerStore } from '@atelier/ledger'
import type { LedgerDispatcher } from './dispatch/ledger-dispatcher.ts'
import type { DirectoryModelIndex } from './models/directory-model-index.ts'

/** Pause before a ledger that was not there is read again, milliseconds. */
const RETRY_MS = 250

/** How the first reading of the ledger stands. */
export interface LedgerReading {
  /** Resolves when it is done, or when the gateway stops before. */
  readonly whenRead: Promise<void>
  /** Why it is not done, in a sentence; undefined from then on. */
  findOutage(): string | undefined
}

/** What reads, and what is read. */
export interface ReadLedgerOptions {
  readonly store: Pick<LedgerStore, 'workers' | 'findOutage'>
  readonly models: Pick<DirectoryModelIndex, 'read'>
  readonly dispatcher: Pick<LedgerDispatcher, 'read'>
  /** Aborts when the gateway stops. */
  readonly signal: AbortSignal
  readonly onFault: (fault: unknown) => void
}

/** Reads, once the ledger is there, which workers live and which jobs are open: what every answer is made from. */
export function readLedger({ store, models, dispatcher, signal, onFault }: ReadLedgerOptions): LedgerReading {
  const state = { isRead: false }
  const read = async (): Promise<void> => {
    while (!state.isRead && !signal.aborted) {
      try {
        await Promise.all([models.read(store.workers), dispatcher.read()])
        state.isRead = true
      } catch (fault) {
        // Nothing but an absence: the store tells of it itself, and again and again.
        if (store.findOutage() === undefined) onFault(fault)
        await sleep(RETRY_MS, undefined, { ref: false })
      }
    }
  }
  return {
    whenRead: read(),
    findOutage: () => (state.isRead ? undefined : (store.findOutage() ?? 'the ledger is being read')),
  }
}
