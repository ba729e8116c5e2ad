import { createReadStream } from 'node:fs'
import { freemem } from 'node:os'
import type { Job, ModelFile } from '@atelier/proto'
import type { JobLedger } from '@atelier/ledger'
import type { Logger } from 'pino'

/** How often a busy worker looks at what comes next, milliseconds. */
const LOOK_MS = 2_000
/** Jobs at the head of the queue that are looked at: others may be for other workers. */
const HEAD = 8
/** A file that was read is taken to be in memory for this long, milliseconds. */
const KEPT_MS = 10 * 60_000
/** A file is read ahead only when it takes less than this share of the free memory. */
const MEMORY_SHARE = 0.5
/** Bytes of one read. */
const CHUNK_BYTES = 4 * 2 ** 20

/** What a prefetcher looks at. */
export interface PrefetcherOptions {
  readonly jobs: Pick<JobLedger, 'peek'>
  /** Whether this worker runs all it can; an idle one claims the next job itself. */
  readonly isBusy: () => boolean
  readonly accepts: (job: Job) => boolean
  readonly files: () => readonly ModelFile[]
  readonly residentIdentities: () => readonly string[]
  readonly logger: Logger
  /** Bytes of memory that are free. */
  readonly freeBytes?: () => number
}

/**
 * Reads the files of the next job's models while the present one runs, so that they are in the system's page cache when the
 * engine maps them: the engine's thread is busy, the disk is not.
 */
export class Prefetcher {
  readonly #options: PrefetcherOptions
  readonly #timer: NodeJS.Timeout
  readonly #stop = new AbortController()
  readonly #readAt = new Map<string, number>()
  #isLooking = false

  constructor(options: PrefetcherOptions) {
    this.#options = options
    this.#timer = setInterval(() => void this.look(), LOOK_MS)
    this.#timer.unref()
  }

  /** Reads what the next job needs and is not there; gives the paths it read. */
  async look(): Promise<string[]> {
    if (this.#isLooking || !this.#options.isBusy()) return []
    this.#isLooking = true
    try {
      const read: string[] = []
      for (const file of await this.#listWanted()) {
        if (await this.#read(file)) read.push(file.path)
      }
      return read
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'the next job cannot be looked at')
      return []
    } finally {
      this.#isLooking = false
    }
  }

  /** Stops looking and reading. */
  close(): void {
    clearInterval(this.#timer)
    this.#stop.abort()
  }

  async #listWanted(): Promise<ModelFile[]> {
    const { jobs, accepts, files, residentIdentities } = this.#options
    const next = (await jobs.peek(HEAD)).find(accepts)
    const resident = residentIdentities()
    return (next?.models ?? []).flatMap(({ kind, name, identity }) =>
      files().filter(
        (file) =>
          file.kind === kind &&
          file.name === name &&
          (identity === '' || file.identity === identity) &&
          !resident.includes(file.identity),
      ),
    )
  }

  async #read({ path, identity, sizeBytes }: ModelFile): Promise<boolean> {
    const isKnown = Date.now() - (this.#readAt.get(identity) ?? -Infinity) < KEPT_MS
    if (isKnown || sizeBytes > (this.#options.freeBytes ?? freemem)() * MEMORY_SHARE) return false
    const startedAt = performance.now()
    await readThrough(path, this.#stop.signal)
    this.#readAt.set(identity, Date.now())
    const seconds = (performance.now() - startedAt) / 1000
    this.#options.logger.info({ path, sizeBytes, seconds }, 'the file of the next job was read ahead')
    return true
  }
}

async function readThrough(path: string, signal: AbortSignal): Promise<void> {
  const stream = createReadStream(path, { highWaterMark: CHUNK_BYTES, signal })
  await new Promise<void>((resolve, reject) => stream.on('error', reject).on('close', resolve).resume())
}
