import type { Session } from './link.ts'

/** Something that is opened once in a session of the link, by the first that wants it. */
export class PerSession<T> {
  readonly #open: (session: Session) => Promise<T>
  #current: { readonly session: Session; readonly opened: Promise<T> } | undefined

  constructor(open: (session: Session) => Promise<T>) {
    this.#open = open
  }

  /** The opened thing; rejects when it cannot be opened now, and the next that wants it tries again. */
  get(session: Session): Promise<T> {
    if (this.#current?.session === session) return this.#current.opened
    const current = { session, opened: this.#open(session) }
    this.#current = current
    current.opened.catch(() => {
      if (this.#current === current) this.#current = undefined
    })
    return current.opened
  }
}
