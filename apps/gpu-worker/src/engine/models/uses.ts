import type { Use } from './residency.ts'

/** Several uses that are over at once. */
export class Uses {
  readonly #uses: Use<unknown>[] = []
  #isOver = false

  /** Adds one, and gives its value. */
  async take<T>(use: Promise<Use<T>>): Promise<T> {
    const taken = await use
    this.#uses.push(taken)
    if (this.#isOver) this.done()
    return taken.value
  }

  /** Says that all of them are over. */
  done(): void {
    this.#isOver = true
    for (const use of this.#uses.splice(0)) use.done()
  }
}
