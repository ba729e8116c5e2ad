import type { JetStreamManager } from '@nats-io/jetstream'
import { API_CODES, hasCode } from './errors.ts'
import type { NatsLink } from './link.ts'

/** How long removals wait for others, milliseconds; until then a message is found by nobody but newcomers. */
const GATHER_MS = 100

/** What the broker answers for a message that is not there any more. */
const GONE = [API_CODES.messageNotFound, API_CODES.sequenceNotFound, API_CODES.messageDeleteFailed] as const

/**
 * Takes work messages away that stand for nothing any more, many at once. Jobs are claimed in about the order in which
 * they came, so most messages go with one request for everything before the first that is still needed; the others go
 * one by one. Nothing depends on it: a message that stays costs whoever meets it a look at its record.
 */
export class WorkRemovals {
  readonly #link: NatsLink
  /** Every message before this sequence is known and of no use. */
  readonly #findFirstNeeded: () => number
  #sequences: number[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(link: NatsLink, findFirstNeeded: () => number) {
    this.#link = link
    this.#findFirstNeeded = findFirstNeeded
  }

  /** Takes a message away in a moment. */
  add(sequence: number): void {
    this.#sequences.push(sequence)
    this.#timer ??= setTimeout(() => void this.#remove(), GATHER_MS).unref()
  }

  /** Takes nothing away any more. */
  close(): void {
    clearTimeout(this.#timer)
  }

  async #remove(): Promise<void> {
    this.#timer = undefined
    const first = this.#findFirstNeeded()
    const sequences = this.#sequences.splice(0)
    const single = sequences.filter((sequence) => sequence >= first)
    const stream = this.#link.names.work
    const removed = this.#link.use('remove work messages', async ({ jsm }) => {
      const requests = single.map((sequence) => removeMessage(jsm, stream, sequence))
      const purge = single.length < sequences.length ? [jsm.streams.purge(stream, { seq: first })] : []
      // All at once: a request that fails while nobody listens would end the process.
      await Promise.all([...requests, ...purge])
    })
    // The sweep finds what stayed.
    await removed.catch(() => undefined)
  }
}

/** Takes one message away, if it is still there. */
async function removeMessage(jsm: JetStreamManager, stream: string, sequence: number): Promise<void> {
  try {
    await jsm.streams.deleteMessage(stream, sequence, false)
  } catch (error) {
    if (!hasCode(error, ...GONE)) throw error
  }
}
