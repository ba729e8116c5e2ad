import type { Loaded } from './load-model.ts'

interface Resident {
  readonly loaded: Loaded<unknown>
  /** Users now; a model in use is never let go. */
  users: number
  /** Counts uses, for the least recently used rule. */
  usedAt: number
}

/** Something loaded, for as long as it is being used. */
export interface Use<T> {
  readonly value: T
  /** Says that this use is over. */
  done(): void
}

/** Owns what is loaded on the device: keeps it within a budget, letting the least recently used go first. */
export class Residency {
  readonly #budgetBytes: number
  readonly #onChange: (keys: readonly string[]) => void
  readonly #residents = new Map<string, Resident>()
  #uses = 0

  constructor(budgetBytes: number, onChange: (keys: readonly string[]) => void) {
    this.#budgetBytes = budgetBytes
    this.#onChange = onChange
  }

  /** Uses what is loaded under a key, loading it first when it is not there. Errors of `load` pass through. */
  async use<T>(key: string, load: () => Loaded<T> | Promise<Loaded<T>>): Promise<Use<T>> {
    let resident = this.#residents.get(key)
    if (resident === undefined) {
      const loaded = await load()
      // Two jobs may have asked at once.
      resident = this.#residents.get(key) ?? { loaded, users: 0, usedAt: 0 }
      this.#residents.set(key, resident)
      this.#onChange([...this.#residents.keys()])
    }
    const held = resident
    held.users += 1
    held.usedAt = this.#uses += 1
    await this.#shrink(this.#budgetBytes)
    let isDone = false
    return {
      value: held.loaded.value as T,
      done: () => {
        if (!isDone) held.users -= 1
        isDone = true
      },
    }
  }

  /** Lets everything go that nobody uses. */
  async clear(): Promise<void> {
    await this.#shrink(0)
  }

  async #shrink(budgetBytes: number): Promise<void> {
    const total = () => [...this.#residents.values()].reduce((sum, { loaded }) => sum + loaded.costBytes, 0)
    const idle = [...this.#residents]
      .filter(([, { users }]) => users === 0)
      .sort(([, a], [, b]) => a.usedAt - b.usedAt)
    for (const [key, { loaded }] of idle) {
      if (total() <= budgetBytes) return
      this.#residents.delete(key)
      this.#onChange([...this.#residents.keys()])
      await loaded.release()
    }
  }
}
