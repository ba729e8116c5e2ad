import { Kvm, type KV, type KvEntry } from '@nats-io/kv'
import { AtelierError } from '../errors.ts'
import { isConflict } from './errors.ts'
import type { NatsLink } from './link.ts'
import { PerSession } from './per-session.ts'

/** What the KV client takes as a key. */
const KEY = /^[-/=\w]+(\.[-/=\w]+)*$/

/** A stored value and its place in the bucket's order of writes. */
export interface Stored {
  readonly value: Uint8Array
  readonly revision: number
  /** When it was written by the broker's clock, milliseconds since 1970 UTC. */
  readonly storedAtMs: number
}

/** A stored value and its key. */
export interface Keyed extends Stored {
  readonly key: string
}

/** What stands under a key: a value, nothing ever, or the mark of a removal. */
export type Found = Stored | { readonly isRemoved: boolean; readonly revision: number }

/**
 * One KV bucket. Reads go to the stream's leader, so that a process sees what another was told is stored; writes with
 * an expected revision are compare-and-set.
 */
export class Bucket {
  readonly #link: NatsLink
  readonly #name: string
  readonly #kv: PerSession<KV>

  constructor(link: NatsLink, name: string) {
    this.#link = link
    this.#name = name
    // Not "direct": any replica may answer those reads, late ones too.
    this.#kv = new PerSession(({ js }) => new Kvm(js).open(name, { allow_direct: false }))
  }

  /** The stream behind the bucket. */
  get stream(): string {
    return `KV_${this.#name}`
  }

  /** Subject prefix of its keys, with the closing dot. */
  get subjectPrefix(): string {
    return `$KV.${this.#name}.`
  }

  /** What stands under the key. */
  async find(key: string): Promise<Found> {
    const entry = await this.#use(`read ${this.#name}/${key}`, (kv) => kv.get(key))
    if (entry === null) return { isRemoved: false, revision: 0 }
    if (entry.operation !== 'PUT') return { isRemoved: true, revision: entry.revision }
    return toStored(entry)
  }

  /** The value under the key, or undefined. */
  async read(key: string): Promise<Stored | undefined> {
    const found = await this.find(key)
    return 'value' in found ? found : undefined
  }

  /** Writes whatever stands there; returns the revision. */
  put(key: string, value: Uint8Array): Promise<number> {
    return this.#link.use(`write ${this.#name}/${key}`, ({ publisher }) =>
      publisher.publish(this.#subjectOf(key), value),
    )
  }

  /** Writes only over the expected revision (0: the key must never have been used); undefined when it had changed. */
  async replace(key: string, value: Uint8Array, expected: number): Promise<number | undefined> {
    return this.#link.use(`write ${this.#name}/${key}`, async ({ publisher }) => {
      try {
        return await publisher.publish(this.#subjectOf(key), value, { expectedSequence: expected })
      } catch (error) {
        if (isConflict(error)) return undefined
        throw error
      }
    })
  }

  /** Removes the value; with an expected revision only if unchanged. False when it had changed. */
  async remove(key: string, expected?: number): Promise<boolean> {
    return this.#use(`remove ${this.#name}/${key}`, async (kv) => {
      try {
        await kv.purge(key, expected === undefined ? undefined : { previousSeq: expected })
        return true
      } catch (error) {
        if (isConflict(error)) return false
        throw error
      }
    })
  }

  /**
   * Everything the bucket holds.
   * @throws AtelierError `unavailable` when not all of it came: what is missing is not taken for what is not there
   */
  async readAll(): Promise<Keyed[]> {
    const what = `read ${this.#name}`
    return this.#link.use(what, async (session) => {
      const { state } = await session.jsm.streams.info(this.stream)
      const kv = await this.#kv.get(session)
      const all: Keyed[] = []
      let count = 0
      for await (const entry of await kv.history({ key: '>' })) {
        count += 1
        if (entry.operation === 'PUT') all.push({ ...toStored(entry), key: entry.key })
      }
      if (count < state.messages)
        throw new AtelierError('unavailable', `${what}: ${count} of ${state.messages} entries came`)
      return all
    })
  }

  /** Takes a value away without a mark of its removal, unless another has taken its place. */
  async erase({ key, revision }: Pick<Keyed, 'key' | 'revision'>): Promise<void> {
    const filter = this.#subjectOf(key)
    // Purges what lies before the sequence.
    await this.#link.use(`erase ${this.#name}/${key}`, ({ jsm }) =>
      jsm.streams.purge(this.stream, { filter, seq: revision + 1 }),
    )
  }

  /** Every key that matches a pattern such as "tenant.>". */
  async listKeys(pattern: string): Promise<string[]> {
    return this.#use(`list ${this.#name}/${pattern}`, async (kv) => {
      const keys: string[] = []
      for await (const key of await kv.keys(pattern)) keys.push(key)
      return keys
    })
  }

  /** Every value whose key matches a pattern. */
  async listValues(pattern: string): Promise<Stored[]> {
    return this.#use(`list ${this.#name}/${pattern}`, async (kv) => {
      const values: Stored[] = []
      for await (const entry of await kv.history({ key: pattern }))
        if (entry.operation === 'PUT') values.push(toStored(entry))
      return values
    })
  }

  #subjectOf(key: string): string {
    if (!KEY.test(key)) throw new AtelierError('invalid-request', `"${key}" cannot be a key of ${this.#name}`)
    return this.subjectPrefix + key
  }

  #use<T>(what: string, work: (kv: KV) => Promise<T>): Promise<T> {
    return this.#link.use(what, async (session) => work(await this.#kv.get(session)))
  }
}

function toStored(entry: KvEntry): Stored {
  return { value: entry.value, revision: entry.revision, storedAtMs: entry.created.getTime() }
}
