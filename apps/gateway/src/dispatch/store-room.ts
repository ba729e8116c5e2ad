import { findShortage, type LedgerStore, type StoreUse } from '@atelier/ledger'

/** How often the room is looked at, milliseconds. */
const LOOK_MS = 5_000
/** How often blobs that no record names are looked for, milliseconds. */
const SWEEP_MS = 3_600_000
/** When they are looked for first, milliseconds: a program that never runs for an hour clears away, too. */
const FIRST_SWEEP_MS = 60_000

/** Watches how full the stores are, so that jobs are turned away before something fails for want of room. */
export class StoreRoom {
  readonly #store: Pick<LedgerStore, 'readUse' | 'sweepBlobs'>
  readonly #timers: NodeJS.Timeout[]
  #uses: readonly StoreUse[] = []

  constructor(store: Pick<LedgerStore, 'readUse' | 'sweepBlobs'>, onFault: (fault: unknown) => void) {
    this.#store = store
    this.#timers = [
      setInterval(() => void this.look(), LOOK_MS),
      setInterval(() => void store.sweepBlobs().catch(onFault), SWEEP_MS),
      setTimeout(() => void store.sweepBlobs().catch(onFault), FIRST_SWEEP_MS),
    ]
    for (const timer of this.#timers) timer.unref()
    void this.look()
  }

  /** How full the bounded stores were when they were looked at last. */
  get uses(): readonly StoreUse[] {
    return this.#uses
  }

  /** Why no more jobs should be taken, in a sentence; undefined when there is room. */
  findShortage(): string | undefined {
    return findShortage(this.#uses)
  }

  /** Looks now. While the ledger is away nothing is known, and submissions fail by themselves. */
  async look(): Promise<void> {
    this.#uses = await this.#store.readUse().catch(() => [])
  }

  /** Stops watching. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }
}
