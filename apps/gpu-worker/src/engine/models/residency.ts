import type { Loaded } from './loaded.ts'

interface Resident {
  readonly loaded: Loaded<unknown>
  /** When each of its present uses began, ms of `performance.now`; a model in use is never let go. */
  readonly uses: Set<{ readonly since: number }>
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
      resident = this.#residents.get(key) ?? { loaded, uses: new Set(), usedAt: 0 }
      this.#residents.set(key, resident)
      this.#onChange([...this.#residents.keys()])
    }
    const held = resident
    const use = { since: performance.now() }
    held.uses.add(use)
    held.usedAt = this.#uses += 1
    await this.#shrink(this.#budgetBytes)
    return { value: held.loaded.value as T, done: () => void held.uses.delete(use) }
  }

  /** Lets everything go that nobody uses. */
  async clear(): Promise<void> {
    await this.#shrink(0)
  }

  /**
   * Lets go what nobody uses, and parts that none of the present uses has used, until the rest is within the budget. What a
   * job takes turns with stays, whatever it takes.
   */
  async fit(): Promise<void> {
    await this.#shrink(this.#budgetBytes)
    for (const resident of this.#residents.values()) {
      // Uses may begin while a part is being let go.
      const trim = () => resident.loaded.trim?.(firstBegan(resident))
      while (this.#totalBytes() > this.#budgetBytes && (await trim()) === true);
    }
  }

  /**
   * Lets go, whatever the budget says, what nobody uses and the parts that none of the present uses has used; with
   * `resting`, every part that does not run now. Parts keep what their largest call took.
   */
  async makeRoom(what: 'unused' | 'resting'): Promise<void> {
    await this.clear()
    for (const resident of [...this.#residents.values()]) {
      const before = what === 'unused' ? firstBegan(resident) : performance.now()
      while ((await resident.loaded.trim?.(before)) === true);
    }
  }

  #totalBytes(): number {
    return [...this.#residents.values()].reduce((sum, { loaded }) => sum + loaded.costBytes, 0)
  }

  async #shrink(budgetBytes: number): Promise<void> {
    while (this.#totalBytes() > budgetBytes) {
      // Looked for each time: what was idle may be in use by the time another one is gone.
      const idle = this.#findIdle()
      if (idle === undefined) return
      this.#residents.delete(idle.key)
      this.#onChange([...this.#residents.keys()])
      await idle.loaded.release()
    }
  }

  /** What nobody uses and was used longest ago. */
  #findIdle(): { readonly key: string; readonly loaded: Loaded<unknown> } | undefined {
    const idle = [...this.#residents].filter(([, { uses }]) => uses.size === 0)
    const [found] = idle.sort(([, a], [, b]) => a.usedAt - b.usedAt)
    return found && { key: found[0], loaded: found[1].loaded }
  }
}

/** When the first of the present uses began. */
function firstBegan({ uses }: Resident): number {
  return Math.min(...[...uses].map(({ since }) => since))
}
