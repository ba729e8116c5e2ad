import { randomUUID } from 'node:crypto'
import type { NatsLink } from './link.ts'

/**
 * How long nobody may answer under a holder's name before its jobs are taken back, milliseconds. A process that lost its
 * server of the broker is back at another one within a second or two; one that is only slow keeps its subscription and
 * never counts as gone.
 */
export const GONE_MS = 5_000

/**
 * Which processes live, as the broker knows it: each holder of jobs answers under a name of its own, and the broker says
 * at once when nobody listens there, for the connection of a process that died is closed by its machine. A process that
 * hangs, or whose machine lost its network, still seems to listen for a while: for these there are leases.
 */
export class Presence {
  /** The name of this process: another one after every start. */
  readonly holder = randomUUID()
  readonly #link: NatsLink
  readonly #elapsed: () => number
  /** Holders that did not listen at the last look, and since when. */
  #goneSince = new Map<string, number>()
  #stop: (() => void) | undefined

  constructor(link: NatsLink, elapsed: () => number) {
    this.#link = link
    this.#elapsed = elapsed
  }

  /** Begins to answer; asking again changes nothing. */
  answer(): void {
    this.#stop ??= this.#link.subscribe(this.#subjectOf(this.holder), (_data, message) => {
      message.respond()
    })
  }

  /** Asks after holders; gives those that were missing at every look for GONE_MS. */
  async findGone(holders: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const asked = [...holders].filter((holder) => holder !== '' && holder !== this.holder)
    const session = this.#link.sessionNumber
    const unheard = await Promise.all(asked.map((holder) => this.#link.isUnheard(this.#subjectOf(holder))))
    const now = this.#elapsed()
    // While the broker was away nobody could listen: absence counts from its return.
    const before = session === this.#link.sessionNumber ? this.#goneSince : new Map<string, number>()
    this.#goneSince = new Map(
      asked.flatMap((holder, i) => (unheard[i] === true ? [[holder, before.get(holder) ?? now]] : [])),
    )
    return new Set(
      [...this.#goneSince].flatMap(([holder, since]) => (now - since >= GONE_MS ? [holder] : [])),
    )
  }

  /** Answers no more. */
  close(): void {
    this.#stop?.()
  }

  #subjectOf(holder: string): string {
    return `${this.#link.names.holderSubject}.${holder}`
  }
}
