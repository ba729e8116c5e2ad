import { JobControl, type Job, type JobEvent, type JobRecord } from '@atelier/proto'
import type { CancelOutcome, JobLedger, Submission, SubmitRules } from '@atelier/ledger'
import { readTraceparent } from '@atelier/telemetry'
import type { Logger } from 'pino'
import { JobFollower } from '../progress/job-follower.ts'
import { advanceProgress, NO_PROGRESS, type ProgressCounters } from '../progress/job-progress.ts'
import { callControl, callFreeMemory } from '../progress/worker-calls.ts'
import type { WorkerConnections } from '../progress/worker-connections.ts'
import { checkAdmission, type AdmissionLimits } from './admission.ts'
import type { JobDispatcher, JobFilter, JobProgress, JobUpdate } from './job-dispatcher.ts'
import type { JobObserver } from './job-observer.ts'
import { isEnded, OPEN_STATES } from './job-states.ts'
import { QueueDepths } from './queue-depths.ts'
import { Subscriptions } from './subscriptions.ts'

/** How long an ended job's progress can still be asked for, milliseconds. */
const KEEP_ENDED_MS = 5_000
/** Pause before a broken ledger watch is opened again, milliseconds. */
const WATCH_RETRY_MS = 1_000

/** What the dispatcher is built from. */
export interface LedgerDispatcherOptions {
  readonly jobs: JobLedger
  readonly connections: WorkerConnections
  readonly limits: AdmissionLimits
  readonly logger: Logger
  /** Why no more jobs should be taken for want of room; absent: never. */
  readonly findShortage?: () => string | undefined
  /** Counts what happens; absent in tests. */
  readonly observer?: JobObserver
}

interface FollowedJob {
  record: JobRecord
  progress: ProgressCounters
  /** Newest revision the listeners heard of; records arrive both from submissions and from the watch. */
  toldRevision: number
  /** Hears the worker's events; none before somebody wants to know. */
  follower: JobFollower | undefined
  ending: boolean
}

/** The dispatcher over a ledger: owns the view of open jobs, their followers and the subscriptions. */
export class LedgerDispatcher implements JobDispatcher {
  readonly #options: LedgerDispatcherOptions
  readonly #stop = new AbortController()
  readonly #followed = new Map<string, FollowedJob>()
  readonly #subscriptions: Subscriptions
  readonly #depths = new QueueDepths()
  #isWatching = false

  /** Begins to watch the ledger. */
  constructor(options: LedgerDispatcherOptions) {
    this.#options = options
    this.#subscriptions = new Subscriptions((error, { record }) =>
      options.logger.error({ err: error, jobId: record.job?.id }, 'a listener of job updates failed'),
    )
    void this.#watch()
  }

  async submit(job: Job, rules?: SubmitRules): Promise<Submission> {
    const { observer, logger } = this.#options
    try {
      checkAdmission(this.#depths.read(job.tenant), this.#options.limits, this.#options.findShortage?.())
      const submission = await this.#options.jobs.submit({ ...job, traceparent: readTraceparent() }, rules)
      if (submission.kind === 'created') this.#take(submission.record)
      observer?.submitted(job, submission.kind)
      const jobId = submission.record.job?.id
      logger.info(
        { event: `job-${submission.kind}`, jobId, publicId: job.publicId, tenant: job.tenant },
        'a job was admitted',
      )
      return submission
    } catch (error) {
      observer?.refused(job, error)
      logger.warn({ err: error, jobId: job.id, tenant: job.tenant }, 'a job was refused')
      throw error
    }
  }

  subscribe(filter: JobFilter, listener: (update: JobUpdate) => void): () => void {
    const unsubscribe = this.#subscriptions.add(filter, listener)
    if (filter.recordsOnly !== true)
      for (const followed of this.#followed.values())
        if (this.#subscriptions.wantsEvents(followed.record)) this.#hearWorker(followed)
    return unsubscribe
  }

  async wait(tenant: string, jobId: string, signal?: AbortSignal): Promise<JobRecord> {
    signal?.throwIfAborted()
    let unsubscribe: () => void = () => undefined
    try {
      return await new Promise<JobRecord>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
        unsubscribe = this.subscribe({ tenant, jobId, recordsOnly: true }, (update) => {
          if (update.kind === 'record' && isEnded(update.record.state)) resolve(update.record)
        })
        // It may have ended before the subscription stood.
        this.#options.jobs
          .read(tenant, jobId)
          .then((record) => {
            if (record && isEnded(record.state)) resolve(record)
          })
          .catch(reject)
      })
    } finally {
      unsubscribe()
    }
  }

  progress(tenant: string, jobId: string): JobProgress | undefined {
    const followed = this.#followed.get(jobId)
    if (followed === undefined || followed.record.job?.tenant !== tenant) return undefined
    // Who asks once will ask again.
    this.#hearWorker(followed)
    return { record: followed.record, ...followed.progress }
  }

  async cancel(tenant: string, jobId: string): Promise<CancelOutcome> {
    const outcome = await this.#options.jobs.cancel(tenant, jobId)
    if (outcome === 'cancelling') await this.#control(jobId, JobControl.JOB_CONTROL_CANCEL)
    return outcome
  }

  async skip(tenant: string, jobId: string): Promise<boolean> {
    const followed = this.#followed.get(jobId)
    if (followed?.record.job?.tenant !== tenant) return false
    return this.#control(jobId, JobControl.JOB_CONTROL_SKIP)
  }

  async freeMemory(options: { unloadModels: boolean; freeCache: boolean }): Promise<void> {
    await Promise.all(this.#options.connections.all().map((client) => callFreeMemory(client, options)))
  }

  /** Records of the jobs that had not ended when last heard of. */
  openRecords(): JobRecord[] {
    return [...this.#followed.values()].map(({ record }) => record).filter((record) => !isEnded(record.state))
  }

  /** Whether changes of jobs are being heard. */
  get isWatching(): boolean {
    return this.#isWatching
  }

  /** Stops watching; open jobs go on without this gateway. */
  close(): void {
    this.#stop.abort()
    for (const { follower } of this.#followed.values()) follower?.close()
    this.#followed.clear()
    this.#subscriptions.clear()
  }

  async #watch(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        this.#isWatching = true
        for await (const record of this.#options.jobs.watch({}, this.#stop.signal)) this.#take(record)
      } catch (error) {
        this.#isWatching = false
        if (this.#stop.signal.aborted) return
        this.#options.logger.warn({ err: error }, 'the ledger watch broke; opening it again')
      }
      if (this.#stop.signal.aborted) return
      await new Promise((resolve) => setTimeout(resolve, WATCH_RETRY_MS).unref())
      await this.read().catch(() => undefined)
    }
  }

  /** Reads which jobs are open now; rejects when they cannot be had. */
  async read(): Promise<void> {
    for (const record of await this.#options.jobs.list({ states: OPEN_STATES })) this.#take(record)
  }

  #take(record: JobRecord): void {
    const jobId = record.job?.id
    if (jobId === undefined) return
    const followed = this.#followed.get(jobId) ?? this.#follow(jobId, record)
    if (record.revision <= followed.toldRevision || followed.ending) return
    this.#depths.update(followed.toldRevision === 0 ? undefined : followed.record, record)
    followed.toldRevision = record.revision
    followed.record = record
    if (followed.follower !== undefined) followed.follower.update(record)
    else if (this.#subscriptions.wantsEvents(record)) this.#hearWorker(followed)
    if (isEnded(record.state)) void this.#end(jobId, followed)
    else this.#subscriptions.tell({ kind: 'record', record })
  }

  #follow(jobId: string, record: JobRecord): FollowedJob {
    const followed = { record, progress: NO_PROGRESS, toldRevision: 0, ending: false, follower: undefined }
    this.#followed.set(jobId, followed)
    return followed
  }

  /** Asks the worker how the job fares, from now on. */
  #hearWorker(followed: FollowedJob): void {
    if (followed.follower !== undefined || followed.ending) return
    followed.follower = new JobFollower(followed.record, {
      dial: (workerId) => this.#options.connections.client(workerId),
      onEvent: (event) => this.#hear(followed, event),
    })
  }

  #hear(followed: FollowedJob, event: JobEvent): void {
    followed.progress = advanceProgress(followed.progress, event)
    this.#subscriptions.tell({ kind: 'event', record: followed.record, event })
  }

  async #end(jobId: string, followed: FollowedJob): Promise<void> {
    followed.ending = true
    this.#options.observer?.ended(followed.record)
    // A job nobody here listens to needs no last events.
    if (this.#subscriptions.wantsEvents(followed.record)) await followed.follower?.drain()
    followed.follower?.close()
    this.#subscriptions.tell({ kind: 'record', record: followed.record })
    setTimeout(() => this.#followed.delete(jobId), KEEP_ENDED_MS).unref()
  }

  async #control(jobId: string, control: JobControl): Promise<boolean> {
    const record = this.#followed.get(jobId)?.record
    const client = record === undefined ? undefined : this.#options.connections.client(record.workerId)
    if (client === undefined) return false
    return callControl(client, jobId, control)
  }
}
