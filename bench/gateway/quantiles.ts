/** Quantiles of durations, milliseconds, rounded to microseconds. */
export interface Quantiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** Quantiles of a list of durations; the list is not changed. */
export function toQuantiles(durations: readonly number[]): Quantiles {
  const sorted = [...durations].sort((a, b) => a - b)
  const at = (share: number): number => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN
    return Math.round(value * 1000) / 1000
  }
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) }
}

/** Runs numbered work so many at a time; gives each one's duration, milliseconds, and the time in all. */
export async function timeEach(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<{ readonly durations: number[]; readonly totalMs: number }> {
  const durations: number[] = []
  const state = { next: 0 }
  const startedAt = performance.now()
  const lane = async (): Promise<void> => {
    for (let index = state.next++; index < count; index = state.next++) {
      const begun = performance.now()
      await work(index)
      durations.push(performance.now() - begun)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return { durations, totalMs: performance.now() - startedAt }
}
