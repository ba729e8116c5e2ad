import { setTimeout as sleep } from 'node:timers/promises'
import { AtelierError } from '../errors.ts'
import { Bucket } from './bucket.ts'
import { toToken } from './key-token.ts'
import type { NatsLink } from './link.ts'

/** How often a reservation is tried when others reserve too. */
const MAX_TRIES = 100

interface Waiting {
  readonly count: number
  resolve(first: number): void
  reject(error: unknown): void
}

interface Counter {
  readonly waiting: Waiting[]
  /** What the bucket held when this process wrote last; a guess. */
  known: { next: number; revision: number } | undefined
  isBusy: boolean
}

/**
 * Counters in a bucket: a reservation is a compare-and-set of the next free number. Reservations that wait in one
 * process are made together.
 */
export class Counters {
  readonly #bucket: Bucket
  readonly #counters = new Map<string, Counter>()

  constructor(link: NatsLink) {
    this.#bucket = new Bucket(link, link.names.counters)
  }

  /** Reserves `count` consecutive numbers and returns the first. */
  allocate(tenant: string, name: string, count: number): Promise<number> {
    const key = `${tenant}.${toToken(name)}`
    const counter = this.#counters.get(key) ?? { waiting: [], known: undefined, isBusy: false }
    this.#counters.set(key, counter)
    return new Promise((resolve, reject) => {
      counter.waiting.push({ count, resolve, reject })
      if (!counter.isBusy) void this.#serve(key, counter)
    })
  }

  async #serve(key: string, counter: Counter): Promise<void> {
    counter.isBusy = true
    while (counter.waiting.length > 0) {
      const served = counter.waiting.splice(0)
      const total = served.reduce((sum, { count }) => sum + count, 0)
      try {
        let first = await this.#reserve(key, counter, total)
        for (const { count, resolve } of served) {
          resolve(first)
          first += count
        }
      } catch (error) {
        counter.known = undefined
        for (const { reject } of served) reject(error)
      }
    }
    counter.isBusy = false
  }

  async #reserve(key: string, counter: Counter, total: number): Promise<number> {
    for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
      const { next, revision } = counter.known ?? (await this.#read(key))
      const written = await this.#bucket.replace(key, Buffer.from(String(next + total)), revision)
      counter.known = written === undefined ? undefined : { next: next + total, revision: written }
      if (written !== undefined) return next
      // Others are at it: not all at the same moment again.
      await sleep(Math.random() * Math.min(attempt, 20))
    }
    throw new AtelierError('unavailable', `counter ${key} is changed by too many at once`)
  }

  async #read(key: string): Promise<{ next: number; revision: number }> {
    const found = await this.#bucket.find(key)
    const next = 'value' in found ? Number(Buffer.from(found.value).toString()) : 1
    if (!Number.isSafeInteger(next))
      throw new AtelierError('internal', `counter ${key} holds no number in the broker`)
    return { next, revision: found.revision }
  }
}
