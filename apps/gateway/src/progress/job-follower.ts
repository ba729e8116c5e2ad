import type { ClientReadableStream } from '@grpc/grpc-js'
import {
  JobState,
  type JobEvent,
  type JobRecord,
  type WatchJobResponse,
  type WorkerServiceClient,
} from '@atelier/proto'

/** Pause before a broken progress stream is opened again, milliseconds; doubled up to the limit. */
const RETRY_MS = { first: 200, limit: 5_000 }
/** How long an ended job waits for its last events before its end is told without them, milliseconds. */
const DRAIN_LIMIT_MS = 2_000

/** What a follower needs. */
export interface JobFollowerOptions {
  /** Dials a worker; undefined when the directory does not know it. */
  readonly dial: (workerId: string) => WorkerServiceClient | undefined
  /** Hears every event once, in (epoch, sequence) order. */
  readonly onEvent: (event: JobEvent) => void
  /** Drain limit, milliseconds; tests shorten it. */
  readonly drainLimitMs?: number
}

/**
 * Follows one job's events at the worker that holds it. Progress is allowed to be lost: a worker that cannot be
 * reached costs previews, never results. Owns at most one gRPC stream.
 */
export class JobFollower {
  readonly #options: JobFollowerOptions
  #record: JobRecord
  #stream: ClientReadableStream<WatchJobResponse> | undefined
  #streamEpoch = 0
  #sequence = 0
  #endedEpoch = 0
  #retryMs = RETRY_MS.first
  #retryTimer: NodeJS.Timeout | undefined
  #closed = false
  #onDrained: (() => void) | undefined

  constructor(record: JobRecord, options: JobFollowerOptions) {
    this.#record = record
    this.#options = options
    this.update(record)
  }

  /** Takes the newest record; a new epoch moves the stream to its worker. */
  update(record: JobRecord): void {
    this.#record = record
    const isRunning =
      record.state === JobState.JOB_STATE_RUNNING || record.state === JobState.JOB_STATE_CANCELLING
    if (isRunning && record.epoch !== this.#streamEpoch) this.#open()
  }

  /** Resolves when the last event of the record's epoch has been heard, or when it is no longer worth waiting for. */
  async drain(): Promise<void> {
    if (this.#record.epoch === 0 || this.#endedEpoch >= this.#record.epoch) return
    if (this.#streamEpoch !== this.#record.epoch || this.#stream === undefined) this.#open()
    if (this.#stream === undefined) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#onDrained = resolve
      timer = setTimeout(resolve, this.#options.drainLimitMs ?? DRAIN_LIMIT_MS)
    })
    clearTimeout(timer)
  }

  #open(): void {
    clearTimeout(this.#retryTimer)
    this.#stream?.cancel()
    this.#stream = undefined
    const record = this.#record
    if (this.#closed || this.#endedEpoch >= record.epoch) return
    if (record.epoch !== this.#streamEpoch) this.#sequence = 0
    this.#streamEpoch = record.epoch
    const worker = record.workerId || record.workersTried.at(-1)
    const client = worker === undefined ? undefined : this.#options.dial(worker)
    if (client === undefined) return this.#retryLater()
    const stream = client.watchJob({
      jobId: record.job?.id ?? '',
      epoch: record.epoch,
      afterSequence: this.#sequence,
      previews: true,
    })
    this.#stream = stream
    stream.on('data', (response: WatchJobResponse) => this.#hear(response))
    stream.on('error', () => this.#lose(stream))
    stream.on('end', () => this.#lose(stream))
  }

  #hear(response: WatchJobResponse): void {
    const event = response.event
    if (event === undefined || this.#closed || event.epoch !== this.#streamEpoch) return
    if (event.sequence <= this.#sequence) return
    this.#sequence = event.sequence
    this.#retryMs = RETRY_MS.first
    this.#options.onEvent(event)
    if (event.event?.$case === 'jobEnd') this.#settle(event.epoch)
  }

  #settle(epoch: number): void {
    this.#endedEpoch = epoch
    this.#onDrained?.()
  }

  #lose(stream: ClientReadableStream<WatchJobResponse>): void {
    if (this.#stream !== stream) return
    this.#stream = undefined
    if (this.#onDrained) return this.#onDrained()
    this.#retryLater()
  }

  #retryLater(): void {
    if (this.#closed || this.#endedEpoch >= this.#record.epoch) return
    this.#retryTimer = setTimeout(() => this.#open(), this.#retryMs)
    this.#retryTimer.unref()
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.limit)
  }

  /** Ends the stream. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#retryTimer)
    this.#stream?.cancel()
    this.#stream = undefined
    this.#onDrained?.()
  }
}
