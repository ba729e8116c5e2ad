/** Lets any number of callers wait until something happens. */
export class WakeUps {
  /** What ends each wait, in the order in which they began, and the group it is of. */
  readonly #waiting = new Map<() => void, string>()

  /** Resolves at the next wake-up, after the given time, or when the signal aborts. Those of a group are alike. */
  wait(milliseconds: number, signal?: AbortSignal, group = ''): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve()
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', finish)
        this.#waiting.delete(finish)
        resolve()
      }
      const timer = setTimeout(finish, milliseconds)
      signal?.addEventListener('abort', finish)
      this.#waiting.set(finish, group)
    })
  }

  /** Ends the oldest wait of each group: for news that one of several that are alike is enough for. */
  wakeOneOfEach(): void {
    const woken = new Set<string>()
    for (const [finish, group] of [...this.#waiting]) {
      if (woken.has(group)) continue
      woken.add(group)
      finish()
    }
  }

  /** Ends every wait. */
  wake(): void {
    for (const finish of [...this.#waiting.keys()]) finish()
  }
}
