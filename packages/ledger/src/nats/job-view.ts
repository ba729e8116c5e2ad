import type { Job, JobRecord, Surface } from '@atelier/proto'
import type { JsMsg } from '@nats-io/jetstream'
import type { JobQuery } from '../job-ledger.ts'
import { isEndedState, isHeldState } from '../job-state.ts'
import { followStream } from './follow.ts'
import type { NatsLink } from './link.ts'
import { decodeRecord } from './record-codec.ts'
import type { KnownRecord } from './record-store.ts'
import { WakeUps } from './wake-ups.ts'

/**
 * Ended jobs known at all, and records read at the start: twice what the longest history shows. Older ones are still
 * read by their ids; a process that starts does not take longer, nor one that runs more memory, for a longer retention.
 */
const ENDED_KNOWN = 20_000
/** Share of them whose records are kept whole; of the others only where to find them. */
const KEPT_SHARE = 0.1

/** How long something that was stored may take to be heard of, milliseconds. */
const CATCH_UP_LIMIT_MS = 1_000

/** What the view knows of a job. */
export interface ViewEntry {
  readonly key: string
  readonly tenant: string
  readonly surface: Surface
  readonly publicId: string
  readonly submittedAtMs: number
  readonly state: JobRecord['state']
  /** Revision of the bucket entry: the order of changes over all jobs. */
  readonly revision: number
  /** Order in which the jobs became known. */
  readonly order: number
  /** When the entry last changed, by this process's monotonic clock, milliseconds; a renewal is a change. */
  readonly seenAt: number
  /** The record; of an ended job only while it is among the newest. */
  readonly record: JobRecord | undefined
}

/** Hears a record that changed; renewals are no news. */
export type RecordListener = (record: JobRecord) => void

/** The records of the installation, the newest at least, followed from the bucket; what gateways list, watch and sweep by. */
export class JobView {
  readonly #link: NatsLink
  readonly #elapsed: () => number
  readonly #endedKnown: number
  readonly #entries = new Map<string, ViewEntry>()
  /** Keys of the jobs that have not ended. */
  readonly #open = new Set<string>()
  readonly #latest = new Map<string, string>()
  readonly #recentEnds = new Set<string>()
  readonly #olderEnds = new Set<string>()
  readonly #listeners = new Set<RecordListener>()
  readonly #news = new WakeUps()
  readonly #heardMore = new WakeUps()
  #heard = 0
  #catchUp: Promise<void> = Promise.resolve()
  #nextCatchUp: Promise<void> | undefined
  #order = 0
  #isLoaded = false
  #stale = new Set<string>()
  #stop: (() => void) | undefined

  constructor(link: NatsLink, elapsed: () => number, endedKnown = ENDED_KNOWN) {
    this.#link = link
    this.#elapsed = elapsed
    this.#endedKnown = endedKnown
  }

  /** Whether the bucket is followed and has been read whole. */
  get isLoaded(): boolean {
    return this.#isLoaded
  }

  /** Every entry, in no order. */
  get entries(): Iterable<ViewEntry> {
    return this.#entries.values()
  }

  /** The entries of jobs that have not ended, in no order. */
  get openEntries(): ViewEntry[] {
    return [...this.#open].flatMap((key) => this.#entries.get(key) ?? [])
  }

  /** What is known under a record's key. */
  get(key: string): ViewEntry | undefined {
    return this.#entries.get(key)
  }

  /** What is known of the newest job with a public id. */
  getLatest(tenant: string, surface: Surface, publicId: string): ViewEntry | undefined {
    const key = this.#latest.get(toPublicKey(tenant, surface, publicId))
    return key === undefined ? undefined : this.#entries.get(key)
  }

  /** Begins to follow the bucket; asking again changes nothing. */
  follow(): void {
    if (this.#stop !== undefined) return
    const bucket = this.#link.names.jobs
    const prefix = `$KV.${bucket}.`
    const unfollow = followStream({
      link: this.#link,
      stream: `KV_${bucket}`,
      subject: `${prefix}>`,
      newest: this.#endedKnown,
      onStart: () => {
        this.#stale = new Set(this.#entries.keys())
        this.#isLoaded = false
        this.#heard = 0
      },
      onMessage: (message) => {
        const key = message.subject.slice(prefix.length)
        this.#stale.delete(key)
        this.#take(key, message)
        this.#heard = message.seq
        this.#heardMore.wake()
      },
      onLoaded: () => {
        for (const key of this.#stale) this.forget(key)
        this.#stale.clear()
        this.#isLoaded = true
        this.#news.wake()
      },
    })
    // While the broker was away nobody could renew a lease: silence counts from now.
    const unlisten = this.#link.onSession(() => this.#restartClocks())
    this.#stop = () => {
      unfollow()
      unlisten()
    }
  }

  /** Resolves when the bucket has been read whole, false when that takes longer than the limit. */
  async whenLoaded(limitMs: number): Promise<boolean> {
    this.follow()
    const until = performance.now() + limitMs
    while (!this.#isLoaded && performance.now() < until) await this.#news.wait(until - performance.now())
    return this.#isLoaded
  }

  /**
   * Resolves when everything has been heard that was stored when it was called: what one process was told is stored,
   * another one then lists. Calls that come together ask the broker once.
   */
  catchUp(): Promise<void> {
    this.#nextCatchUp ??= this.#catchUp.then(async () => {
      this.#nextCatchUp = undefined
      await this.#hearUpTo(await this.#readLastSequence())
    })
    this.#catchUp = this.#nextCatchUp.catch(() => undefined)
    return this.#nextCatchUp
  }

  #readLastSequence(): Promise<number> {
    const stream = `KV_${this.#link.names.jobs}`
    return this.#link.use(`read the state of ${stream}`, async ({ jsm }) => {
      return (await jsm.streams.info(stream)).state.last_seq
    })
  }

  async #hearUpTo(sequence: number): Promise<void> {
    const until = performance.now() + CATCH_UP_LIMIT_MS
    while (this.#heard < sequence && performance.now() < until) await this.#heardMore.wait(CATCH_UP_LIMIT_MS)
    // What did not come by then has been removed meanwhile, and will not come.
    this.#heard = Math.max(this.#heard, sequence)
  }

  /** Takes a record that was read or written; older ones than known are ignored. */
  apply({ record, revision }: KnownRecord): void {
    const { job } = record
    if (job === undefined || this.#stop === undefined) return
    const key = `${job.tenant}.${job.id}`
    const known = this.#entries.get(key)
    if (known !== undefined && known.revision >= revision) return
    const isEnded = isEndedState(record.state)
    this.#entries.set(key, {
      key,
      tenant: job.tenant,
      surface: job.surface,
      publicId: job.publicId,
      submittedAtMs: job.submittedAtMs,
      state: record.state,
      revision,
      order: known?.order ?? (this.#order += 1),
      seenAt: this.#elapsed(),
      record,
    })
    if (known === undefined) this.#enterPublicId(key, job)
    if (!isEnded) this.#open.add(key)
    else {
      this.#open.delete(key)
      this.#keepRecent(key)
    }
    if (known?.record?.revision === record.revision) return
    // While the past is read, jobs that ended in it are no news.
    if (!this.#isLoaded && known === undefined && isEnded) return
    for (const listener of [...this.#listeners]) listener(record)
  }

  /** Drops what is known under a key. */
  forget(key: string): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#open.delete(key)
    this.#recentEnds.delete(key)
    this.#olderEnds.delete(key)
    const publicKey = toPublicKey(entry.tenant, entry.surface, entry.publicId)
    if (this.#latest.get(publicKey) === key) this.#latest.delete(publicKey)
  }

  /** Hears every change; returns the function that ends it. */
  listen(listener: RecordListener): () => void {
    this.follow()
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Entries that match, those not ended in queue order, then the newest ended ones, newest last. */
  select(query: JobQuery): ViewEntry[] {
    const matching = [...this.#entries.values()].filter((entry) => matches(query, entry))
    const open = matching.filter(({ state }) => !isEndedState(state)).sort(compareInQueue)
    const ended = matching.filter(({ state }) => isEndedState(state)).sort((a, b) => a.revision - b.revision)
    const { limit } = query
    return limit === undefined
      ? [...open, ...ended]
      : [...open.slice(0, limit), ...ended.slice(Math.max(0, ended.length - limit))]
  }

  /** Stops following. */
  close(): void {
    this.#stop?.()
    this.#listeners.clear()
    this.#news.wake()
  }

  #take(key: string, { data, headers, seq }: JsMsg): void {
    const isRemoval = (headers?.get('KV-Operation') ?? '') !== ''
    if (isRemoval) return this.forget(key)
    // What this process wrote itself is known already.
    if ((this.#entries.get(key)?.revision ?? 0) >= seq) return
    const record = decodeRecord(key, data, this.#link.emit)
    if (record !== undefined) this.apply({ record, revision: seq })
  }

  #enterPublicId(key: string, { tenant, surface, publicId, submittedAtMs }: Job): void {
    const latest = this.getLatest(tenant, surface, publicId)
    if ((latest?.submittedAtMs ?? 0) <= submittedAtMs)
      this.#latest.set(toPublicKey(tenant, surface, publicId), key)
  }

  #keepRecent(key: string): void {
    this.#recentEnds.add(key)
    if (this.#recentEnds.size <= this.#endedKnown * KEPT_SHARE) return
    const [oldest] = this.#recentEnds
    if (oldest === undefined) return
    this.#recentEnds.delete(oldest)
    const entry = this.#entries.get(oldest)
    if (entry !== undefined) this.#entries.set(oldest, { ...entry, record: undefined })
    this.#olderEnds.add(oldest)
    const [forgotten] = this.#olderEnds
    if (forgotten !== undefined && this.#olderEnds.size > this.#endedKnown * (1 - KEPT_SHARE))
      this.forget(forgotten)
  }

  #restartClocks(): void {
    for (const entry of this.openEntries)
      if (isHeldState(entry.state)) this.#entries.set(entry.key, { ...entry, seenAt: this.#elapsed() })
  }
}

function toPublicKey(tenant: string, surface: Surface, publicId: string): string {
  return `${tenant}\n${surface}\n${publicId}`
}

function matches(query: JobQuery, entry: ViewEntry): boolean {
  if (query.tenant !== undefined && entry.tenant !== query.tenant) return false
  if (query.surface !== undefined && entry.surface !== query.surface) return false
  return query.states === undefined || query.states.includes(entry.state)
}

function compareInQueue(a: ViewEntry, b: ViewEntry): number {
  return (a.record?.job?.queueNumber ?? 0) - (b.record?.job?.queueNumber ?? 0) || a.order - b.order
}
