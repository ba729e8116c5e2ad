import { setTimeout as sleep } from 'node:timers/promises'
import { AtelierError } from '../errors.ts'
import { BUSY_TIMEOUT_MS, type EmbeddedDatabase } from './database.ts'
import { toDiskFault } from './disk-faults.ts'

/** Pause before a locked database is tried again, milliseconds: about what another process's commit takes. */
const LOCKED_PAUSE_MS = 1

/**
 * How much a change must survive. `durable`: a power cut, once its promise resolves. `relaxed`: the death of every
 * process at once, and a power cut as soon as any durable change follows, for the log is written in order: enough for
 * what means nothing by itself, such as a reserved number, a claim or the renewal of a lease.
 */
export type Durability = 'durable' | 'relaxed'

interface Waiting {
  readonly durability: Durability
  readonly work: () => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Writes the changes that are asked for at the same time in one transaction: they share its price, a sync of the log.
 * While another process holds the database, this one's event loop goes on.
 */
export class CommitQueue {
  readonly #database: EmbeddedDatabase
  #waiting: Waiting[] = []
  #isRunning = false

  constructor(database: EmbeddedDatabase) {
    this.#database = database
  }

  /**
   * Runs work in a transaction and gives its result when that has been committed. Work must do nothing but read and
   * change the database: it is run again by itself when another's in the same transaction throws.
   * @throws AtelierError `unavailable` when the database stays locked or cannot be written, `queue-full` when the disk
   * is full; whatever the work throws
   */
  run<T>(durability: Durability, work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ durability, work, resolve: resolve as (value: unknown) => void, reject })
      void this.#commitAll()
    })
  }

  async #commitAll(): Promise<void> {
    if (this.#isRunning) return
    this.#isRunning = true
    // One turn of the event loop: what was asked for together is written together.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      if (await this.#commit(batch)) continue
      for (const single of batch) await this.#commit([single])
    }
    this.#isRunning = false
  }

  /** False when one of several threw: nothing was changed, and each must be tried by itself. */
  async #commit(batch: readonly Waiting[]): Promise<boolean> {
    try {
      await this.#begin(batch.some(({ durability }) => durability === 'durable'))
      const results = batch.map(({ work }) => work())
      this.#database.exec('COMMIT')
      batch.forEach(({ resolve }, i) => resolve(results[i]))
      return true
    } catch (error) {
      if (this.#database.open && this.#database.inTransaction) this.#database.exec('ROLLBACK')
      if (batch.length > 1) return false
      batch[0]?.reject(toDiskFault(error))
      return true
    } finally {
      // Whoever writes past this queue is durable.
      if (this.#database.open) this.#database.exec('PRAGMA synchronous = FULL')
    }
  }

  async #begin(isDurable: boolean): Promise<void> {
    const giveUpAt = performance.now() + BUSY_TIMEOUT_MS
    for (;;) {
      try {
        this.#database.exec(`PRAGMA synchronous = ${isDurable ? 'FULL' : 'NORMAL'}`)
        this.#database.exec('PRAGMA busy_timeout = 0')
        this.#database.exec('BEGIN IMMEDIATE')
        return
      } catch (error) {
        if (!isLocked(error)) throw error
        if (performance.now() > giveUpAt)
          throw new AtelierError('unavailable', `the ledger is locked for ${BUSY_TIMEOUT_MS} ms`, {
            cause: error,
          })
      } finally {
        if (this.#database.open) this.#database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
      }
      await sleep(LOCKED_PAUSE_MS)
    }
  }
}

function isLocked(error: unknown): boolean {
  return /SQLITE_BUSY|database is locked/.test(`${(error as { code?: string }).code} ${String(error)}`)
}
