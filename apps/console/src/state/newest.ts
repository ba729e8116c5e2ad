/**
 * Fetches something that changes, one answer at a time: asked for again while an answer is on its way, it is fetched once
 * more when that has come. So nothing older is shown after something newer, every answer is shown however quick the
 * changes, and a slow server is not asked faster than it answers.
 */
export interface Newest {
  /** Says that there is a newer one. */
  ask(): void
  /** Nothing is shown from now on. */
  stop(): void
}

/**
 * Makes one.
 * @param fetch undefined: there is nothing; it may fail, which is taken for nothing.
 */
export function createNewest<Value>(
  fetch: () => Promise<Value | undefined>,
  show: (value: Value) => void,
): Newest {
  const state = { isAsking: false, isWanted: false, isStopped: false }
  const run = async (): Promise<void> => {
    state.isAsking = true
    while (state.isWanted && !state.isStopped) {
      state.isWanted = false
      const value = await fetch().catch(() => undefined)
      if (value !== undefined && !state.isStopped) show(value)
    }
    state.isAsking = false
  }
  return {
    ask() {
      state.isWanted = true
      if (!state.isAsking) void run()
    },
    stop() {
      state.isStopped = true
    },
  }
}
