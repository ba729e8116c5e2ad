/** A call with more rows must lower the seconds of a row by this share to be worth waiting for. */
const WORTHWHILE_GAIN = 0.05
/** How fast the best time of a number of rows is forgotten, a call: the machine may have become slower. */
const FORGETTING = 0.02
/** Every so many calls more rows than the limit are tried again: what was measured once may have been a bad moment. */
const RETRY_CALLS = 64

interface Measures {
  /** Numbers of rows that have been called: the first call of each warms up and is not measured. */
  readonly seen: Set<number>
  /** Best seconds of a call, by rows. */
  readonly seconds: Map<number, number>
  calls: number
}

/**
 * How many rows of one kind (a network and a shape) join one call: as many as still lower the seconds of a row, found by
 * trying twice as many as the best so far when there is company. A device that one request fills gains nothing by
 * joining; its requests take turns, with the memory of one call.
 */
export class RowLimits {
  readonly #measures = new Map<string, Measures>()

  /** Rows that may join now; 0 before anything is known, so that the first request runs alone. */
  limitOf(kind: string): number {
    const { seconds, calls } = this.#measures.get(kind) ?? { seconds: new Map<number, number>(), calls: 0 }
    if (seconds.size === 0) return 0
    const times = [...seconds].map(([rows, time]) => ({ rows, perRow: time / rows }))
    const best = Math.min(...times.map(({ perRow }) => perRow))
    const enough = times.filter(({ perRow }) => perRow * (1 - WORTHWHILE_GAIN) <= best)
    const chosen = Math.min(...enough.map(({ rows }) => rows))
    const isLargest = chosen === Math.max(...seconds.keys())
    return isLargest || calls % RETRY_CALLS === 0 ? 2 * chosen : chosen
  }

  /** Learns how long a call took. */
  record(kind: string, rows: number, seconds: number): void {
    const measures = this.#measures.get(kind) ?? { seen: new Set(), seconds: new Map(), calls: 0 }
    this.#measures.set(kind, measures)
    measures.calls += 1
    if (measures.seen.has(rows)) {
      const before = measures.seconds.get(rows) ?? Infinity
      measures.seconds.set(rows, Math.min(seconds, before * (1 + FORGETTING)))
    }
    measures.seen.add(rows)
  }
}
