/** Lets any number of callers wait until something happens. */
export class WakeUps {
  readonly #waiting = new Set<() => void>()

  /** Resolves at the next wake-up, after the given time, or when the signal aborts. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
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
      this.#waiting.add(finish)
    })
  }

  /** Ends the oldest wait: for news that one of many equal waiters is enough for. */
  wakeOne(): void {
    const [first] = this.#waiting
    first?.()
  }

  /** Ends every wait. */
  wake(): void {
    for (const finish of [...this.#waiting]) finish()
  }
}
