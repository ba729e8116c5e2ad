import { KEEP_MISSED_MS } from './missed-frames.ts'

/** Jobs whose end its client has heard, at whichever gateway; remembered as long as missed ends are kept. */
export class ShownEnds {
  readonly #shownAtMs = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number) {
    this.#now = now
  }

  add(jobId: string): void {
    this.#shownAtMs.set(jobId, this.#now())
    // In order of time: the first that is young enough ends the search.
    for (const [oldest, shownAtMs] of this.#shownAtMs) {
      if (this.#now() - shownAtMs <= KEEP_MISSED_MS) return
      this.#shownAtMs.delete(oldest)
    }
  }

  has(jobId: string): boolean {
    return this.#shownAtMs.has(jobId)
  }
}
