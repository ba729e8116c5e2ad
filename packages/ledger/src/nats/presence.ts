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
  readonly #link: NatsLink
  readonly #elapsed: () => number
  /** The name of this process: another one after every start. */
  readonly #name = randomUUID()
  /** Holders that did not listen at the last look, and since when. */
  #goneSince = new Map<string, number>()
  #announced: { readonly session: number; readonly name: Promise<string> } | undefined
  #stop: (() => void) | undefined

  constructor(link: NatsLink, elapsed: () => number) {
    this.#link = link
    this.#elapsed = elapsed
  }

  /**
   * Begins to answer, and gives the name under which this process is heard: '' where the broker's permissions do not let
   * it be, for its jobs would be taken for those of a dead one. Leases alone keep them then.
   */
  announce(): Promise<string> {
    this.#stop ??= this.#link.subscribe(this.#subjectOf(this.#name), (_data, message) => {
      message.respond()
    })
    const session = this.#link.sessionNumber
    if (this.#announced?.session !== session) this.#announced = { session, name: this.#hearItself() }
    return this.#announced.name
  }

  async #hearItself(): Promise<string> {
    const subject = this.#subjectOf(this.#name)
    const hearing = await this.#link.ask(subject)
    if (hearing === 'answered') return this.#name
    if (hearing === 'unheard') this.#link.emit({ kind: 'not-heard', subject })
    // The broker could not be asked: the next claim does.
    else this.#announced = undefined
    return ''
  }

  /** Asks after holders; gives those that were missing at every look for GONE_MS. */
  async findGone(holders: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const asked = [...holders].filter((holder) => holder !== '' && holder !== this.#name)
    const session = this.#link.sessionNumber
    const hearings = await Promise.all(asked.map((holder) => this.#link.ask(this.#subjectOf(holder))))
    const now = this.#elapsed()
    // While the broker was away nobody could listen: absence counts from its return.
    const before = session === this.#link.sessionNumber ? this.#goneSince : new Map<string, number>()
    this.#goneSince = new Map(
      asked.flatMap((holder, i) => (hearings[i] === 'unheard' ? [[holder, before.get(holder) ?? now]] : [])),
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
