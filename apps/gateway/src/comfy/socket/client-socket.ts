import { parseExactJson, toExact } from '@atelier/catalog/exact-json'
import type { WebSocket } from 'ws'
import { formatMessage } from '../run/frames.ts'
import type { toServerFeatures } from '../info/info-routes.ts'

/** Bytes waiting in a socket above which what may be lost is left out. */
const SLOW_BYTES = 4 * 1024 * 1024
/** Bytes waiting in a socket above which it is given up. */
const STUCK_BYTES = 256 * 1024 * 1024

/** A frame, or one whose bytes are still being read, which never fails; undefined: they are gone. */
export type Sendable = string | Uint8Array | Promise<Uint8Array | undefined>

/** A connected client: sends frames in order, and listens for the one message clients send. */
export class ClientSocket {
  readonly sid: string
  readonly #socket: WebSocket
  readonly #features: ReturnType<typeof toServerFeatures>
  readonly #queue: Sendable[] = []
  #isSending = true
  #hasSpoken = false
  #supportsPreviewMetadata = false
  #isNamed: boolean

  /** Frames wait until `start`. `isNamed`: the client chose its id itself. */
  constructor(
    socket: WebSocket,
    options: { sid: string; isNamed: boolean; features: ReturnType<typeof toServerFeatures> },
  ) {
    this.#socket = socket
    this.sid = options.sid
    this.#isNamed = options.isNamed
    this.#features = options.features
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) this.#hear(data.toString('utf8'))
    })
  }

  /** The client has an id that it knows and uses; others hear of prompts that have no client. */
  get isNamed(): boolean {
    return this.#isNamed
  }

  get supportsPreviewMetadata(): boolean {
    return this.#supportsPreviewMetadata
  }

  /** A prompt came with the id this client was given: it has one from now on. */
  name(): void {
    this.#isNamed = true
  }

  /** Sends what has gathered, after these first frames, and everything from now on. */
  start(first: readonly Sendable[]): void {
    this.#queue.unshift(...first)
    this.#isSending = false
    void this.#pump()
  }

  /** Sends a frame behind those before it; one that may be lost is left out when the client is slow. */
  send(frame: Sendable, isLossy = false): void {
    if (isLossy && this.#socket.bufferedAmount > SLOW_BYTES) return
    if (this.#socket.bufferedAmount > STUCK_BYTES) return this.#socket.terminate()
    this.#queue.push(frame)
    if (!this.#isSending) void this.#pump()
  }

  /** Keeps proxies from closing a silent connection; clients answer by themselves. */
  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  async #pump(): Promise<void> {
    this.#isSending = true
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const frame = next instanceof Promise ? await next : next
      if (frame !== undefined && this.#socket.readyState === this.#socket.OPEN) this.#socket.send(frame)
    }
    this.#isSending = false
  }

  /** The first message that is a JSON object may announce features; whatever it is, later ones are not heard. */
  #hear(text: string): void {
    if (this.#hasSpoken) return
    const message = parseMessage(text)
    if (message === undefined) return
    this.#hasSpoken = true
    if (message.get('type') !== 'feature_flags') return
    this.#isNamed = true
    const flags = message.get('data')
    this.#supportsPreviewMetadata = flags instanceof Map && flags.get('supports_preview_metadata') === true
    this.send(formatMessage('feature_flags', toExact({ ...this.#features })))
  }
}

function parseMessage(text: string) {
  try {
    const value = parseExactJson(text)
    return value instanceof Map ? value : undefined
  } catch {
    return undefined
  }
}
