import { createHash } from 'node:crypto'
import { ModelList, WorkerDescription, type BlobRef } from '@atelier/proto'
import type { BlobStore } from '../blob-store.ts'
import { WORKER_ENTRY_TTL_MS, type WorkerDirectory } from '../worker-directory.ts'
import { Bucket } from './bucket.ts'
import { followStream } from './follow.ts'
import { toToken } from './key-token.ts'
import type { NatsLink } from './link.ts'
import { WakeUps } from './wake-ups.ts'

/** Version of the layout of an entry. */
const WORKER_VERSION = 1
/** Lists of models above this size are stored apart: an entry is written every few seconds, bytes. */
const INLINE_MODELS_BYTES = 16 * 1024
/** A list that is stored apart is stored again after this, so that it outlives its store's retention, milliseconds. */
const RESTORE_MODELS_MS = 3_600_000
/** How often silent workers are looked for, milliseconds. */
const LOOK_MS = 1_000
/** How long a listing waits for the directory to be read, milliseconds. */
const LOAD_LIMIT_MS = 5_000

interface Entry {
  readonly worker: WorkerDescription
  readonly seenAt: number
}

/**
 * The worker directory, in a bucket whose entries the broker forgets. Silence is judged by the observer's own monotonic
 * clock as well, so that neither a worker's nor the broker's clock decides who lives.
 */
export class NatsWorkerDirectory implements WorkerDirectory {
  readonly #link: NatsLink
  readonly #blobs: BlobStore
  readonly #bucket: Bucket
  readonly #elapsed: () => number
  readonly #entries = new Map<string, Entry>()
  readonly #news = new WakeUps()
  #modelsStored: { sha256: string; at: number; ref: BlobRef } | undefined
  #isLoaded = false
  #stale = new Set<string>()
  #stop: (() => void) | undefined

  constructor(link: NatsLink, blobs: BlobStore, elapsed: () => number) {
    this.#link = link
    this.#blobs = blobs
    this.#bucket = new Bucket(link, link.names.workers)
    this.#elapsed = elapsed
  }

  async put(worker: WorkerDescription): Promise<void> {
    const entry = { ...worker, formatVersion: WORKER_VERSION }
    const models = ModelList.encode({ models: worker.models }).finish()
    const light =
      models.length <= INLINE_MODELS_BYTES
        ? entry
        : { ...entry, models: [], modelsBlob: await this.#storeModels(worker.id, models) }
    await this.#bucket.put(toToken(worker.id), WorkerDescription.encode(light).finish())
  }

  async remove(workerId: string): Promise<void> {
    await this.#bucket.remove(toToken(workerId))
    this.#entries.delete(toToken(workerId))
    this.#news.wake()
  }

  async list(): Promise<WorkerDescription[]> {
    const stored = await this.#bucket.listValues('*')
    const workers = await Promise.all(stored.map(({ value }) => this.#complete(this.#decode(value))))
    return workers.filter((worker) => worker !== undefined).sort(compareIds)
  }

  async *watch(signal: AbortSignal): AsyncIterable<WorkerDescription[]> {
    this.follow()
    const until = performance.now() + LOAD_LIMIT_MS
    while (!this.#isLoaded && !signal.aborted && performance.now() < until)
      await this.#news.wait(until - performance.now(), signal)
    let told: string | undefined
    while (!signal.aborted) {
      const living = await Promise.all(this.living().map((worker) => this.#complete(worker)))
      const workers = living.filter((worker) => worker !== undefined)
      const digest = digestOf(workers)
      if (digest !== told) {
        told = digest
        yield workers
        continue
      }
      await this.#news.wait(LOOK_MS, signal)
    }
  }

  /** The living workers as far as this process has heard, by id, long lists of models still apart. */
  living(): WorkerDescription[] {
    const oldest = this.#elapsed() - WORKER_ENTRY_TTL_MS
    for (const [key, { seenAt }] of this.#entries) if (seenAt < oldest) this.#entries.delete(key)
    return [...this.#entries.values()].map(({ worker }) => worker).sort(compareIds)
  }

  /** Begins to follow the directory; asking again changes nothing. */
  follow(): void {
    if (this.#stop !== undefined) return
    const prefix = this.#bucket.subjectPrefix
    const unfollow = followStream({
      link: this.#link,
      stream: this.#bucket.stream,
      subject: `${prefix}>`,
      onStart: () => {
        this.#stale = new Set(this.#entries.keys())
        this.#isLoaded = false
      },
      onMessage: ({ subject, headers, data }) => {
        const key = subject.slice(prefix.length)
        this.#stale.delete(key)
        const worker = (headers?.get('KV-Operation') ?? '') === '' ? this.#decode(data) : undefined
        if (worker === undefined) this.#entries.delete(key)
        else this.#entries.set(key, { worker, seenAt: this.#elapsed() })
        if (this.#isLoaded) this.#news.wake()
      },
      onLoaded: () => {
        for (const key of this.#stale) this.#entries.delete(key)
        this.#isLoaded = true
        this.#news.wake()
      },
    })
    // While the broker was away no worker could renew its entry.
    const unlisten = this.#link.onSession(() => {
      for (const [key, { worker }] of this.#entries)
        this.#entries.set(key, { worker, seenAt: this.#elapsed() })
    })
    this.#stop = () => {
      unfollow()
      unlisten()
    }
  }

  /** Stops following. */
  close(): void {
    this.#stop?.()
    this.#news.wake()
  }

  #decode(value: Uint8Array): WorkerDescription | undefined {
    try {
      const worker = WorkerDescription.decode(value)
      if (worker.formatVersion > WORKER_VERSION) {
        this.#link.emit({ kind: 'newer-format', subject: `worker ${worker.id}` })
        return undefined
      }
      if (worker.id === '') throw new Error('it names no worker')
      return worker
    } catch (cause) {
      this.#link.emit({ kind: 'unreadable', subject: this.#link.names.workers, cause })
      return undefined
    }
  }

  async #complete(worker: WorkerDescription | undefined): Promise<WorkerDescription | undefined> {
    if (worker?.modelsBlob === undefined) return worker
    const bytes = await this.#blobs.read(worker.modelsBlob).catch(() => undefined)
    return { ...worker, models: bytes === undefined ? [] : ModelList.decode(bytes).models }
  }

  async #storeModels(workerId: string, models: Uint8Array): Promise<BlobRef> {
    const sha256 = createHash('sha256').update(models).digest('hex')
    const known = this.#modelsStored
    if (known?.sha256 === sha256 && this.#elapsed() - known.at < RESTORE_MODELS_MS) return known.ref
    const ref = await this.#blobs.put(`workers/${workerId}/${sha256}`, models, 'application/x-protobuf')
    this.#modelsStored = { sha256, at: this.#elapsed(), ref }
    return ref
  }
}

function compareIds(a: WorkerDescription, b: WorkerDescription): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

function digestOf(workers: readonly WorkerDescription[]): string {
  const hash = createHash('sha256')
  for (const worker of workers) hash.update(WorkerDescription.encode(worker).finish())
  return hash.digest('hex')
}
