import {
  JobControl,
  JobState,
  type BlobRef,
  type GenerationJob,
  type Job,
  type JobRecord,
  type NamedFile,
} from '@atelier/proto'
import { WORKER_HEARTBEAT_MS, type Lease, type LedgerStore } from '@atelier/ledger'
import { inSpan, readTraceparent, withTraceparent } from '@atelier/telemetry'
import type { Logger } from 'pino'
import type { EngineOutcome, FromEngine, ToEngine } from '../engine-protocol.ts'
import type { EventLog } from '../progress/event-log.ts'
import type { WorkerMetrics } from '../metrics.ts'
import { persist } from './persist.ts'
import { storeFiles } from './store-files.ts'
import { toOutcome } from './to-outcome.ts'
import type { RunEnd } from './run-end.ts'

/** What a runner works with. */
export interface JobRunnerOptions {
  readonly store: Pick<LedgerStore, 'jobs' | 'blobs'>
  /** False when no engine runs. */
  readonly send: (message: ToEngine) => boolean
  readonly events: EventLog
  readonly logger: Logger
  /** Whether a job that failed here should be run by another worker instead; absent: never. */
  readonly leavesToOthers?: (record: JobRecord, errorCode: string) => Promise<boolean>
  /** Counts jobs; absent in tests. */
  readonly metrics?: Pick<WorkerMetrics, 'claimed' | 'left'>
}

interface Running {
  readonly lease: Lease
  readonly finish: (end: RunEnd) => void
  /** Stores of early files, in order: each is announced when it is stored, and later news waits for it. */
  early: Promise<unknown>
  /** Early files received, and those stored. */
  earlyCount: number
  readonly earlyFiles: NamedFile[]
  isLost: boolean
  /** When the engine was first told to stop it, by a monotonic clock, milliseconds; undefined: never. */
  cancelledAt?: number
}

/** Runs leased jobs in the engine: renews their leases, stores what they make, settles them once. */
export class JobRunner {
  readonly #options: JobRunnerOptions
  readonly #running = new Map<string, Running>()
  readonly #renewal: NodeJS.Timeout
  #isRenewing = false

  constructor(options: JobRunnerOptions) {
    this.#options = options
    this.#renewal = setInterval(() => void this.#renewAll(), WORKER_HEARTBEAT_MS)
    this.#renewal.unref()
  }

  /** Jobs that run now. */
  get jobIds(): string[] {
    return [...this.#running.keys()]
  }

  /** Runs a leased job; resolves when it has been settled. */
  async run(lease: Lease): Promise<RunEnd> {
    const { job, attempt } = lease.record
    if (job === undefined) return 'lost'
    const { epoch, workerId } = lease
    this.#options.metrics?.claimed(epoch)
    this.#options.logger.info({ event: 'job-claimed', jobId: job.id, epoch, attempt }, 'a job begins')
    const attributes = { 'atelier.job.id': job.id, 'atelier.job.epoch': epoch, 'atelier.worker.id': workerId }
    return withTraceparent(job.traceparent, () =>
      inSpan('run job', attributes, async (span) => {
        const end = await this.#run(lease, job)
        span.setAttribute('atelier.job.end', end)
        return end
      }),
    )
  }

  async #run(lease: Lease, job: Job): Promise<RunEnd> {
    const ended = new Promise<RunEnd>((finish) =>
      this.#running.set(job.id, {
        ...{ lease, finish, early: Promise.resolve(), earlyCount: 0, earlyFiles: [], isLost: false },
      }),
    )
    this.#options.events.open(job.id, lease.epoch)
    try {
      const inputs = await this.#persist(job.id, () => this.#readInputs(job))
      const traceparent = readTraceparent()
      if (!this.#options.send({ kind: 'run', job, epoch: lease.epoch, inputs, traceparent }))
        await this.#returnUnharmed(lease)
    } catch (error) {
      this.#options.logger.error({ err: error, jobId: job.id }, 'the inputs of a job cannot be read')
      await this.#options.store.jobs.abandon(lease).catch(() => false)
      this.#leave(job.id, 'abandoned', JobState.JOB_STATE_QUEUED)
    }
    return ended
  }

  /** Acts on a running job; false when it does not run here. */
  control(jobId: string, control: JobControl): boolean {
    if (!this.#running.has(jobId)) return false
    this.#options.send({ kind: control === JobControl.JOB_CONTROL_SKIP ? 'skip' : 'cancel', jobId })
    return true
  }

  /** Takes a message of the engine that concerns a job. */
  receive(message: FromEngine): void {
    switch (message.kind) {
      case 'event':
        return this.#tell(message)
      case 'early-file':
        return this.#storeEarly(message)
      case 'end':
        return void this.#settle(message.jobId, message.outcome)
      default:
    }
  }

  /** Since when a job that was to stop has not stopped, milliseconds; 0: there is none. */
  get longestStopMs(): number {
    const times = [...this.#running.values()].flatMap(({ cancelledAt }) => cancelledAt ?? [])
    return times.length === 0 ? 0 : performance.now() - Math.min(...times)
  }

  /** The engine died with everything it ran. */
  async abandonAll(): Promise<void> {
    for (const [jobId, { lease }] of [...this.#running]) {
      await this.#options.store.jobs.abandon(lease).catch(() => false)
      this.#leave(jobId, 'abandoned', JobState.JOB_STATE_QUEUED)
    }
  }

  /** Gives every running job back to the queue. */
  async handBackAll(): Promise<void> {
    for (const [jobId, running] of [...this.#running]) {
      running.isLost = true
      this.#options.send({ kind: 'cancel', jobId })
      await this.#options.store.jobs.handBack(running.lease).catch(() => false)
      this.#leave(jobId, 'handed-back', JobState.JOB_STATE_QUEUED)
    }
  }

  /** Stops renewing. */
  close(): void {
    clearInterval(this.#renewal)
  }

  /** No engine ran it, or this worker's files were not what it said: the job is not to blame. */
  async #returnUnharmed(lease: Lease): Promise<void> {
    await this.#options.store.jobs.handBack(lease).catch(() => false)
    this.#leave(lease.record.job?.id ?? '', 'handed-back', JobState.JOB_STATE_QUEUED)
  }

  async #readInputs(job: Job): Promise<Map<string, Uint8Array>> {
    const inputs = new Map<string, Uint8Array>()
    for (const ref of listInputs(job)) {
      const bytes = await this.#options.store.blobs.read(ref)
      // A picture that is gone is the job's failure, told by the engine in its own words.
      if (bytes !== undefined) inputs.set(ref.key, bytes)
    }
    return inputs
  }

  #tell({ jobId, event }: Extract<FromEngine, { kind: 'event' }>): void {
    const running = this.#running.get(jobId)
    const isWaiting = running !== undefined && running.earlyFiles.length < running.earlyCount
    if (!isWaiting) return this.#options.events.add(jobId, event)
    this.#queueEarly(running, () => this.#options.events.add(jobId, event))
  }

  #storeEarly({ jobId, file, index, count }: Extract<FromEngine, { kind: 'early-file' }>): void {
    const running = this.#running.get(jobId)
    if (running === undefined) return
    const firstIndex = running.earlyCount
    running.earlyCount += 1
    this.#queueEarly(running, async () => {
      const { epoch } = running.lease
      const place = { jobId, epoch, firstIndex, now: Date.now() }
      const [stored] = await this.#persist(jobId, () => storeFiles(this.#options.store.blobs, [file], place))
      if (stored === undefined) return
      running.earlyFiles.push(stored)
      this.#options.events.add(jobId, { $case: 'imageReady', value: { file: stored, index, count } })
    })
  }

  /** Does something after what was queued before; whoever settles the job hears whether all went well. */
  #queueEarly(running: Running, work: () => unknown): void {
    running.early = running.early.then(work)
    // Until then nobody listens, and a job that was given back is not settled at all.
    running.early.catch(() => undefined)
  }

  async #settle(jobId: string, outcome: EngineOutcome): Promise<void> {
    const running = this.#running.get(jobId)
    if (running === undefined) return
    if (running.isLost) return this.#leave(jobId, 'lost', JobState.JOB_STATE_UNSPECIFIED)
    const { lease } = running
    try {
      await running.early
      if (
        outcome.kind === 'failed' &&
        (await this.#options.leavesToOthers?.(lease.record, outcome.error.code))
      )
        return await this.#returnUnharmed(lease)
      const place = { jobId, epoch: lease.epoch, firstIndex: running.earlyCount, now: Date.now() }
      const { blobs, jobs } = this.#options.store
      const files = await this.#persist(jobId, () => storeFiles(blobs, outcome.files, place))
      const whole = toOutcome(outcome, [...running.earlyFiles, ...files])
      const isOurs = await this.#persist(jobId, () => jobs.finish(lease, whole))
      if (outcome.kind === 'failed') {
        this.#options.logger.warn(
          { jobId, code: outcome.error.code },
          `a job failed: ${outcome.error.message}`,
        )
      }
      this.#leave(jobId, isOurs ? 'ended' : 'lost', STATES[outcome.kind])
    } catch (error) {
      // The job is run again, here or elsewhere.
      this.#options.logger.error({ err: error, jobId }, 'the results of a job cannot be stored')
      await this.#options.store.jobs.handBack(lease).catch(() => false)
      this.#leave(jobId, 'handed-back', JobState.JOB_STATE_QUEUED)
    }
  }

  #leave(jobId: string, end: RunEnd, state: JobState): void {
    const running = this.#running.get(jobId)
    this.#running.delete(jobId)
    this.#options.events.end(jobId, state)
    this.#options.metrics?.left(end, state)
    const epoch = running?.lease.epoch
    this.#options.logger.info({ event: 'job-left', jobId, epoch, end }, 'a job left this worker')
    running?.finish(end)
  }

  /** A ledger that is away takes no lease: another worker could not have claimed the job there either. */
  async #renewAll(): Promise<void> {
    if (this.#isRenewing) return
    this.#isRenewing = true
    await Promise.all([...this.#running].map(([jobId, running]) => this.#renew(jobId, running)))
    this.#isRenewing = false
  }

  async #renew(jobId: string, running: Running): Promise<void> {
    const state = await this.#options.store.jobs.renew(running.lease).catch(() => 'held' as const)
    if (state === 'held' || this.#running.get(jobId) !== running) return
    if (state === 'lost') running.isLost = true
    running.cancelledAt ??= performance.now()
    this.#options.send({ kind: 'cancel', jobId })
  }

  /** Tries until it works, or until the job is lost, returned or gone. */
  #persist<T>(jobId: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(jobId)
    return persist(work, {
      isWanted: () => running !== undefined && !running.isLost && this.#running.get(jobId) === running,
      onRetry: (error) =>
        this.#options.logger.warn({ err: error, jobId }, 'the ledger is away or full; the job waits for it'),
    })
  }
}

const STATES = {
  done: JobState.JOB_STATE_DONE,
  interrupted: JobState.JOB_STATE_INTERRUPTED,
  failed: JobState.JOB_STATE_FAILED,
} as const

/** Every blob a job refers to. */
function listInputs({ kind }: Job): BlobRef[] {
  switch (kind?.$case) {
    case 'generation':
      return listGenerationInputs(kind.value)
    case 'script': {
      const { parts, work } = kind.value
      const image = work === undefined || work.$case === 'loopback' ? undefined : work.value.image
      const all = [...parts.flatMap(listGenerationInputs), ...present([image])]
      return [...new Map(all.map((ref) => [ref.key, ref])).values()]
    }
    case 'extras':
      return present(kind.value.pictures.map(({ image }) => image))
    case 'controlMap':
      return present(kind.value.pictures.flatMap(({ image, mask }) => [image, mask]))
    default:
      return present((kind?.value.inputFiles ?? []).map(({ blob }) => blob))
  }
}

function listGenerationInputs({ source, controls }: GenerationJob): BlobRef[] {
  const units = controls.flatMap(({ image, mask, region }) => [image, mask, region])
  return present([...(source?.images ?? []), source?.mask?.image, source?.mask?.latentImage, ...units])
}

function present(refs: readonly (BlobRef | undefined)[]): BlobRef[] {
  return refs.filter((ref) => ref !== undefined)
}
