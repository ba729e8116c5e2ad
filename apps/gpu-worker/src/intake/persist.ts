import { setTimeout as sleep } from 'node:timers/promises'
import { isAtelierError } from '@atelier/ledger'

/** Pause before a ledger that is away or full is tried again, milliseconds; doubled up to the limit. */
const PAUSE_MS = { first: 500, limit: 5_000 }

/** How long something is tried. */
export interface PersistOptions {
  /** Asked before each further try; false gives up with the last error. */
  readonly isWanted: () => boolean
  /** Hears why a try failed. */
  readonly onRetry: (error: unknown) => void
  /** First pause, milliseconds; tests shorten it. */
  readonly firstPauseMs?: number
}

/**
 * Does something with the ledger until it works: what a worker holds outlives a broker that is away or has no room.
 * Other errors are thrown at once.
 */
export async function persist<T>(work: () => Promise<T>, options: PersistOptions): Promise<T> {
  let pause = options.firstPauseMs ?? PAUSE_MS.first
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const isPassing = isAtelierError(error) && (error.code === 'unavailable' || error.code === 'queue-full')
      if (!isPassing || !options.isWanted()) throw error
      options.onRetry(error)
      await sleep(pause)
      pause = Math.min(pause * 2, PAUSE_MS.limit)
    }
  }
}
