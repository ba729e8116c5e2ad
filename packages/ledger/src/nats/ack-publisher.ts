import { JetStreamApiError, type ApiError } from '@nats-io/jetstream'
import {
  createInbox,
  errors,
  headers,
  type Msg,
  type NatsConnection,
  type PermissionViolationError,
  type Subscription,
} from '@nats-io/transport-node'

/** How often answers that did not come are looked for, milliseconds. */
const LOOK_MS = 250
/** The header that makes a publish compare-and-set: sequence of the subject's last message, 0 for none. */
const EXPECTED_SEQUENCE = 'Nats-Expected-Last-Subject-Sequence'
/** Status of an answer that says: nobody listens on that subject, there is no JetStream. */
const NO_RESPONDERS = 503

/** What a publish may ask for. */
export interface PublishOptions {
  /** Stores only when the subject's last message has this sequence; 0: when it has none. */
  readonly expectedSequence?: number
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>
}

interface Pending {
  readonly subject: string
  readonly data: Uint8Array
  readonly options: PublishOptions
  readonly until: number
  readonly resolve: (sequence: number) => void
  readonly reject: (error: unknown) => void
}

/**
 * Acknowledged JetStream publishes, as many at once as are asked for. What comes together in one turn of the event loop
 * leaves in one write, answers come to one subscription, and one timer watches all of them; the client's own `publish`
 * takes a write, a timer and an error with a stack for each.
 */
export class AckPublisher {
  readonly #connection: NatsConnection
  readonly #timeoutMs: number
  readonly #inbox = createInbox()
  readonly #subscription: Subscription
  readonly #pending = new Map<string, Pending>()
  #unsent: string[] = []
  #count = 0
  #watch: NodeJS.Timeout | undefined

  constructor(connection: NatsConnection, timeoutMs: number) {
    this.#connection = connection
    this.#timeoutMs = timeoutMs
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#hear(message)
      },
    })
    void connection.closed().then(() => this.#refuseAll(new errors.ClosedConnectionError()))
  }

  /**
   * Stores a message and resolves with its sequence in the stream.
   * @throws JetStreamApiError when JetStream refuses, NoRespondersError when no stream has the subject, TimeoutError,
   * ClosedConnectionError, PermissionViolationError
   */
  publish(subject: string, data: Uint8Array, options: PublishOptions = {}): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#connection.isClosed()) return reject(new errors.ClosedConnectionError())
      const token = (this.#count += 1).toString(36)
      const until = performance.now() + this.#timeoutMs
      this.#pending.set(token, { subject, data, options, until, resolve, reject })
      if (this.#unsent.push(token) === 1) setImmediate(() => this.#send())
      this.#watch ??= setInterval(() => this.#expire(), LOOK_MS)
    })
  }

  /** The broker forbids a subject: whoever waits for an answer from there gets none. */
  refuse(error: PermissionViolationError): void {
    for (const [token, { subject }] of this.#pending)
      if (subject === error.subject) this.#take(token)?.reject(error)
  }

  /** Stops listening; for a connection that goes on. */
  close(): void {
    this.#subscription.unsubscribe()
    this.#refuseAll(new errors.ClosedConnectionError())
  }

  #send(): void {
    for (const token of this.#unsent.splice(0)) {
      const pending = this.#pending.get(token)
      if (pending === undefined) continue
      const { subject, data, options } = pending
      try {
        const sent = toHeaders(options)
        const reply = `${this.#inbox}.${token}`
        this.#connection.publish(subject, data, sent === undefined ? { reply } : { reply, headers: sent })
      } catch (error) {
        this.#take(token)?.reject(error)
      }
    }
  }

  #hear({ subject, data, headers: sent }: Msg): void {
    const pending = this.#take(subject.slice(this.#inbox.length + 1))
    if (pending === undefined) return
    try {
      if (data.length === 0 && sent?.code === NO_RESPONDERS)
        throw new errors.NoRespondersError(pending.subject)
      pending.resolve(parseAnswer(data))
    } catch (error) {
      pending.reject(error)
    }
  }

  #take(token: string): Pending | undefined {
    const pending = this.#pending.get(token)
    this.#pending.delete(token)
    if (this.#pending.size === 0) {
      clearInterval(this.#watch)
      this.#watch = undefined
    }
    return pending
  }

  #expire(): void {
    const now = performance.now()
    // In the order in which they were asked for, which is the order in which they run out.
    for (const [token, { until }] of this.#pending) {
      if (until > now) return
      this.#take(token)?.reject(new errors.TimeoutError())
    }
  }

  #refuseAll(error: Error): void {
    for (const token of [...this.#pending.keys()]) this.#take(token)?.reject(error)
  }
}

/** The sequence in JetStream's acknowledgement; throws what it refused with. */
function parseAnswer(data: Uint8Array): number {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()
  const { error, seq } = JSON.parse(text) as { error?: ApiError; seq?: number }
  if (error !== undefined) throw new JetStreamApiError(error)
  if (seq === undefined) throw new Error('an answer of JetStream names no sequence')
  return seq
}

function toHeaders({ expectedSequence, headers: more = {} }: PublishOptions) {
  const entries = Object.entries(more)
  if (expectedSequence === undefined && entries.length === 0) return undefined
  const built = headers()
  if (expectedSequence !== undefined) built.set(EXPECTED_SEQUENCE, String(expectedSequence))
  for (const [name, value] of entries) built.set(name, value)
  return built
}
