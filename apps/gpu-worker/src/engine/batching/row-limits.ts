/** A call with more rows must lower the seconds of a row by this share to be worth waiting for. */
const WORTHWHILE_GAIN = 0.05
/** How fast the best time of a number of rows is forgotten, a call: the machine may have become slower. */
const FORGETTING = 0.02
/**
 * After so many calls, and every 64, more rows than the limit are tried again: what was measured once may have been a bad
 * moment, which is worst at first.
 */
const RETRIES = [8, 16, 32]
const RETRY_CALLS = 64

/** Best seconds of a call, by its rows. */
export type RowCurve = ReadonlyMap<number, number>

/** What row limits know from elsewhere, and whom they tell. */
export interface RowLimitsOptions {
  /** A kind's curve as it was measured before; asked once. */
  readonly recall?: (kind: string) => RowCurve | undefined
  /** Hears a kind's curve each time it was measured. */
  readonly onMeasured?: (kind: string, curve: RowCurve) => void
}

interface Measures {
  /** Best seconds between a call of so many rows and the next one, while their requests work out what they ask next. */
  readonly idle: Map<number, number>
  /** Numbers of rows that have been called: the first call of each warms up and is not measured. */
  readonly seen: Set<number>
  readonly seconds: Map<number, number>
  calls: number
}

/**
 * How many rows of one kind (a network and a shape) join one call: as many as still lower the seconds of a row, found by
 * trying twice as many as the best so far when there is company. A device that one request fills gains nothing by
 * joining; its requests take turns, with the memory of one call.
 */
export class RowLimits {
  readonly #options: RowLimitsOptions
  readonly #measures = new Map<string, Measures>()

  constructor(options: RowLimitsOptions = {}) {
    this.#options = options
  }

  /** Rows that may join now; 0 before anything is known, so that the first request runs alone. */
  limitOf(kind: string): number {
    const { seconds, calls } = this.#of(kind)
    if (seconds.size === 0) return 0
    const times = [...seconds].map(([rows, time]) => ({ rows, perRow: time / rows }))
    const best = Math.min(...times.map(({ perRow }) => perRow))
    const enough = times.filter(({ perRow }) => perRow * (1 - WORTHWHILE_GAIN) <= best)
    const chosen = Math.min(...enough.map(({ rows }) => rows))
    const isLargest = chosen === Math.max(...seconds.keys())
    return isLargest || isRetry(calls) ? 2 * chosen : chosen
  }

  /** Best seconds of a call of so many rows; undefined: not measured. */
  secondsOf(kind: string, rows: number): number | undefined {
    return this.#of(kind).seconds.get(rows)
  }

  /** Learns how long a call took. */
  record(kind: string, rows: number, seconds: number): void {
    const measures = this.#of(kind)
    measures.calls += 1
    if (measures.seen.has(rows)) {
      keepBest(measures.seconds, rows, seconds)
      this.#options.onMeasured?.(kind, measures.seconds)
    }
    measures.seen.add(rows)
  }

  /** Learns how long the device had nothing to do after a call of so many rows. */
  recordIdle(kind: string, rows: number, seconds: number): void {
    keepBest(this.#of(kind).idle, rows, seconds)
  }

  /**
   * Whether two calls by turns cost less than one of the rows of both and the idle time after it: during each the requests
   * of the other work out what they ask next. Now and then it is not, so that the one call is measured again.
   */
  isCheaperByTurns(kind: string, parts: readonly [number, number], all: number): boolean {
    const { seconds, idle, calls } = this.#of(kind)
    const [first, second, joined, rest] = [...parts, all]
      .map((rows) => seconds.get(rows))
      .concat(idle.get(all))
    if (first === undefined || second === undefined || joined === undefined || rest === undefined)
      return false
    return first + second < joined + rest && !isRetry(calls)
  }

  #of(kind: string): Measures {
    const known = this.#measures.get(kind)
    if (known !== undefined) return known
    const measures = {
      ...{ seen: new Set<number>(), idle: new Map<number, number>(), calls: 0 },
      seconds: new Map(this.#options.recall?.(kind)),
    }
    this.#measures.set(kind, measures)
    return measures
  }
}

function keepBest(best: Map<number, number>, rows: number, seconds: number): void {
  best.set(rows, Math.min(seconds, (best.get(rows) ?? Infinity) * (1 + FORGETTING)))
}

function isRetry(calls: number): boolean {
  return RETRIES.includes(calls) || (calls > 0 && calls % RETRY_CALLS === 0)
}
