import { createSocket, type Socket } from 'node:dgram'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** How often everyone looks for changes even when nobody rang, milliseconds. */
const POLL_MS = 500
/** How long the list of other bells is trusted, milliseconds. */
const NEIGHBOURS_TTL_MS = 1_000

/**
 * Tells the processes that share a data folder that something changed. Each owns a UDP socket of the loopback address
 * whose port is a file name in `doorbells/`; ringing sends one byte to all. A lost ring costs one poll interval.
 */
export class Doorbell {
  readonly #folder: string
  readonly #listeners = new Set<() => void>()
  readonly #socket: Socket
  readonly #poll: NodeJS.Timeout
  #port = 0
  #neighbours: { readonly ports: readonly number[]; readonly readAt: number } = { ports: [], readAt: 0 }

  private constructor(folder: string) {
    this.#folder = folder
    this.#socket = createSocket('udp4')
    this.#socket.on('message', () => this.#wake())
    // A neighbour that is gone may answer "unreachable"; its file is removed below.
    this.#socket.on('error', () => undefined)
    this.#poll = setInterval(() => this.#wake(), POLL_MS)
    this.#poll.unref()
  }

  /** Hangs up a bell in the data folder. */
  static async open(dataFolder: string): Promise<Doorbell> {
    const folder = join(dataFolder, 'doorbells')
    mkdirSync(folder, { recursive: true })
    const bell = new Doorbell(folder)
    await new Promise<void>((resolve, reject) => {
      bell.#socket.once('error', reject)
      bell.#socket.bind(0, '127.0.0.1', resolve)
    })
    bell.#socket.unref()
    bell.#port = bell.#socket.address().port
    removeDead(folder)
    writeFileSync(join(folder, `${bell.#port}-${process.pid}`), '')
    return bell
  }

  /** Calls back after every ring and at every poll; returns the function that ends it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Resolves at the next ring or poll, at once when there is news by then, and when the signal aborts. */
  next(signal: AbortSignal, isThereNews: () => boolean = () => false): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        unlisten()
        signal.removeEventListener('abort', finish)
        resolve()
      }
      const unlisten = this.listen(finish)
      signal.addEventListener('abort', finish)
      // A ring between the last look and this listener would be missed.
      if (signal.aborted || isThereNews()) finish()
    })
  }

  /** Wakes this process's listeners and every other process. */
  ring(): void {
    queueMicrotask(() => this.#wake())
    for (const port of this.#readNeighbours()) this.#socket.send('!', port, '127.0.0.1', () => undefined)
  }

  /** Takes the bell down. */
  close(): void {
    clearInterval(this.#poll)
    this.#listeners.clear()
    rmSync(join(this.#folder, `${this.#port}-${process.pid}`), { force: true })
    this.#socket.close()
  }

  #wake(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #readNeighbours(): readonly number[] {
    if (Date.now() - this.#neighbours.readAt > NEIGHBOURS_TTL_MS) {
      const ports = readdirSync(this.#folder).map((name) => Number(name.split('-')[0]))
      this.#neighbours = {
        ports: ports.filter((port) => port !== this.#port && port > 0),
        readAt: Date.now(),
      }
    }
    return this.#neighbours.ports
  }
}

/** Removes the bells of processes that ended without taking them down. */
function removeDead(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number(name.split('-')[1])
    try {
      process.kill(pid, 0)
    } catch {
      rmSync(join(folder, name), { force: true })
    }
  }
}
