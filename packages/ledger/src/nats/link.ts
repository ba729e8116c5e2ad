import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream'
import {
  errors,
  RequestError,
  type Msg,
  type NatsConnection,
  type Subscription,
} from '@nats-io/transport-node'
import { AtelierError } from '../errors.ts'
import type { LedgerEventListener } from '../ledger-events.ts'
import { AckPublisher } from './ack-publisher.ts'
import { connectToBroker, listHosts } from './connect.ts'
import { ensureLayout, type StreamBirths } from './ensure-layout.ts'
import { isMissingStream, isNoRoom, toAtelierError } from './errors.ts'
import { createNames, declareStreams, type Names } from './layout.ts'
import type { NatsSettings } from './settings.ts'

/** How long a call waits for the broker before it fails as unavailable, milliseconds. */
const WAIT_MS = 5_000
/** Pause before connecting or preparing the broker is tried again, milliseconds. */
const RETRY_MS = 1_000
/** Life of one request to the broker, milliseconds. */
const REQUEST_TIMEOUT_MS = 5_000
/** How long a process may take to say that it lives, milliseconds. */
const ANSWER_MS = 2_000
/** Most copies of a stream that are made unasked. */
const MAX_DEFAULT_REPLICAS = 3

/** What the broker knows of those who listen to a subject. */
export type Hearing = 'answered' | 'unheard' | 'unknown'

/** A broker whose streams are in place. */
export interface Session {
  readonly connection: NatsConnection
  readonly js: JetStreamClient
  readonly jsm: JetStreamManager
  /** Acknowledged publishes; what happens for every job goes through here. */
  readonly publisher: AckPublisher
  readonly births: StreamBirths
  /** Counts sessions of this link: connections, reconnections, streams made again. */
  readonly number: number
}

/**
 * Owns the connection to the broker: makes it, keeps it for ever, and sees to it that the streams are there, at the
 * start, after every reconnection and when one is found missing. Nobody needs to restart because the broker did.
 */
export class NatsLink {
  readonly names: Names
  readonly settings: NatsSettings
  readonly emit: LedgerEventListener
  readonly #waiting = new Set<() => void>()
  readonly #listeners = new Set<(session: Session) => void>()
  #connection: NatsConnection | undefined
  /** Why there is no session. */
  #outage: string | undefined = 'not connected yet'
  #publisher: AckPublisher | undefined
  #session: Session | undefined
  #sessions = 0
  #isPreparing = false
  #isClosed = false

  constructor(settings: NatsSettings, emit: LedgerEventListener = () => undefined) {
    this.settings = settings
    this.names = createNames(settings.prefix)
    this.emit = emit
    void this.#keepConnected()
  }

  /** Why the broker cannot be used now, in a sentence; undefined while it can. */
  get outage(): string | undefined {
    return this.#session === undefined ? `the broker cannot be reached: ${this.#outage}` : undefined
  }

  /** Where the broker is, without what opens it: addresses may hold a password. */
  get #servers(): string {
    return listHosts(this.settings.servers)
  }

  /** Largest message the broker takes, bytes. */
  get maxPayload(): number {
    return this.#connection?.info?.max_payload ?? 1024 * 1024
  }

  /** Hears every session from now on, and the present one at once; returns the function that ends it. */
  onSession(listener: (session: Session) => void): () => void {
    this.#listeners.add(listener)
    if (this.#session !== undefined) listener(this.#session)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Does something with the broker.
   * @throws AtelierError `unavailable` when the broker is not there in time, `queue-full` when it has no room
   */
  async use<T>(what: string, work: (session: Session) => Promise<T>): Promise<T> {
    const session = this.#session ?? (await this.#waitForSession(what))
    try {
      return await work(session)
    } catch (error) {
      if (isMissingStream(error)) void this.#prepare()
      if (isNoRoom(error)) this.emit({ kind: 'storage-full', subject: what, cause: error })
      throw toAtelierError(what, error)
    }
  }

  /** Sends a core message, if the broker is there; nothing waits for it. */
  publish(subject: string, data: Uint8Array | string): void {
    try {
      this.#session?.connection.publish(subject, data)
    } catch {
      // The connection was closed between the look and the sending: what may be lost is lost.
    }
  }

  /** Hears core messages over every connection this link will have; returns the function that ends it. */
  subscribe(subject: string, listener: (data: Uint8Array, message: Msg) => void): () => void {
    let current: { connection: NatsConnection; subscription: Subscription } | undefined
    const unlisten = this.onSession(({ connection }) => {
      // A connection keeps its subscriptions when it reconnects.
      if (current?.connection === connection) return
      const subscription = connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) listener(message.data, message)
        },
      })
      current = { connection, subscription }
    })
    return () => {
      unlisten()
      current?.subscription.unsubscribe()
    }
  }

  /** Counts the sessions so far; another number after a while without the broker. */
  get sessionNumber(): number {
    return this.#sessions
  }

  /**
   * Asks whether somebody listens to a subject: `answered`, or `unheard` when the broker says that nobody does; `unknown`
   * when it cannot be asked, or nobody answers in time.
   */
  async ask(subject: string): Promise<Hearing> {
    const session = this.#session
    if (session === undefined) return 'unknown'
    try {
      await session.connection.request(subject, undefined, { timeout: ANSWER_MS })
      return 'answered'
    } catch (error) {
      return error instanceof RequestError && error.isNoResponders() ? 'unheard' : 'unknown'
    }
  }

  /** Resolves when the broker's streams are in place. */
  async ready(): Promise<void> {
    while (this.#session === undefined && !this.#isClosed) await this.#waitForChange(RETRY_MS)
  }

  /** Closes the connection. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#session = undefined
    this.#listeners.clear()
    this.#wake()
    await this.#connection?.close().catch(() => undefined)
  }

  async #waitForSession(what: string): Promise<Session> {
    const until = performance.now() + WAIT_MS
    while (this.#session === undefined) {
      const left = until - performance.now()
      if (left <= 0 || this.#isClosed) throw new AtelierError('unavailable', `${this.outage}: ${what}`)
      await this.#waitForChange(left)
    }
    return this.#session
  }

  async #keepConnected(): Promise<void> {
    while (!this.#isClosed) {
      try {
        this.#connection = await connectToBroker(this.settings)
        // It may have been closed meanwhile.
        if (this.#isClosed) return void (await this.#connection.close())
        this.#publisher = new AckPublisher(this.#connection, REQUEST_TIMEOUT_MS)
        void this.#follow(this.#connection, this.#publisher)
        await this.#prepare()
        const reason = await this.#connection.closed()
        this.#lose(reason)
      } catch (error) {
        this.#refuse(this.#servers, error)
      }
      if (!this.#isClosed) await sleep(RETRY_MS)
    }
  }

  async #follow(connection: NatsConnection, publisher: AckPublisher): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'error' && status.error instanceof errors.PermissionViolationError)
        publisher.refuse(status.error)
      if (status.type === 'disconnect') this.#lose(undefined)
      if (status.type === 'reconnect') void this.#prepare()
    }
  }

  #lose(cause: unknown): void {
    if (this.#session === undefined) return
    this.#session = undefined
    this.#outage = 'the connection is gone'
    this.emit({ kind: 'disconnected', subject: this.#servers, cause })
  }

  #refuse(subject: string, cause: unknown): void {
    this.#outage = `${subject}: ${cause instanceof Error ? cause.message : String(cause)}`
    this.emit({ kind: 'refused', subject, cause })
  }

  /** Puts the streams in place, however long that takes, and opens a session. */
  async #prepare(): Promise<void> {
    if (this.#isPreparing) return
    this.#isPreparing = true
    try {
      while (!this.#isClosed && this.#connection !== undefined && !this.#connection.isClosed()) {
        if (await this.#tryPrepare(this.#connection)) return
        await sleep(RETRY_MS)
      }
    } finally {
      this.#isPreparing = false
    }
  }

  async #tryPrepare(connection: NatsConnection): Promise<boolean> {
    try {
      const jsm = await jetstreamManager(connection, { timeout: REQUEST_TIMEOUT_MS })
      const streams = declareStreams(this.names, this.settings, this.#countReplicas(connection))
      const births = await ensureLayout(jsm, streams)
      if (this.#isClosed || this.#publisher === undefined) return true
      this.#sessions += 1
      this.#session = {
        connection,
        jsm,
        js: jetstream(connection, { timeout: REQUEST_TIMEOUT_MS }),
        publisher: this.#publisher,
        births,
        number: this.#sessions,
      }
      this.emit({ kind: 'connected', subject: connection.getServer() })
      this.#wake()
      for (const listener of [...this.#listeners]) listener(this.#session)
      return true
    } catch (error) {
      this.#refuse(connection.getServer(), error)
      return false
    }
  }

  #countReplicas(connection: NatsConnection): number {
    if (this.settings.replicas !== undefined) return this.settings.replicas
    const { cluster, connect_urls: urls } = connection.info ?? {}
    if (cluster === undefined) return 1
    return Math.max(1, Math.min(MAX_DEFAULT_REPLICAS, urls?.length ?? 1))
  }

  async #waitForChange(milliseconds: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(finish)
        resolve()
      }
      const timer = setTimeout(finish, milliseconds)
      this.#waiting.add(finish)
    })
  }

  #wake(): void {
    for (const finish of [...this.#waiting]) finish()
  }
}
