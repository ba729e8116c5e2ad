import type { CancelOutcome, JobOutcome, LedgerStore, Submission, SubmitRules } from '@atelier/ledger'
import { JobEvent, JobRecord, JobState, type Job } from '@atelier/proto'
import type { JobDispatcher, JobFilter, JobProgress, JobUpdate } from '../../dispatch/job-dispatcher.ts'
import { isEnded } from '../../dispatch/job-states.ts'

/** Something that happens to a job. */
export type Happening = NonNullable<JobEvent['event']>

/** One execution of a job, as a script sees it. */
export interface ScriptedRun {
  readonly job: Job
  /** Aborts when the job is asked to stop. */
  readonly cancelled: AbortSignal
  /** Tells those who listen. */
  tell(event: Happening): Promise<void>
  /** Goes on running until the job is asked to stop or `release` is called. */
  hold(): Promise<void>
}

/** Plays the part of a worker for one job. */
export type Script = (run: ScriptedRun) => Promise<JobOutcome>

/** What a scripted dispatcher is built from. */
export interface ScriptedOptions {
  readonly store: LedgerStore
  readonly script: Script
  /** Held before everything that is told, so that a test can act in between. */
  readonly beforeTelling?: () => Promise<void>
}

/** A dispatcher over a real ledger with one worker that follows a script, one job at a time. Test code. */
export class ScriptedDispatcher implements JobDispatcher {
  readonly freed: { unloadModels: boolean; freeCache: boolean }[] = []
  readonly #options: ScriptedOptions
  readonly #subscriptions = new Set<{ filter: JobFilter; listener: (update: JobUpdate) => void }>()
  readonly #cancels = new Map<string, AbortController>()
  readonly #nodeIds = new Map<string, string>()
  readonly #stop = new AbortController()
  readonly #done: Promise<void>
  #release: (() => void) | undefined

  constructor(options: ScriptedOptions) {
    this.#options = options
    this.#done = this.#work()
  }

  async submit(job: Job, rules?: SubmitRules): Promise<Submission> {
    const submission = await this.#options.store.jobs.submit(job, rules)
    if (submission.kind === 'created') this.#tell({ kind: 'record', record: submission.record })
    return submission
  }

  subscribe(filter: JobFilter, listener: (update: JobUpdate) => void): () => void {
    const subscription = { filter, listener }
    this.#subscriptions.add(subscription)
    return () => this.#subscriptions.delete(subscription)
  }

  async wait(tenant: string, jobId: string): Promise<JobRecord> {
    for (;;) {
      const record = await this.#options.store.jobs.read(tenant, jobId)
      if (record !== undefined && isEnded(record.state)) return record
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  progress(_tenant: string, jobId: string): JobProgress | undefined {
    const nodeId = this.#nodeIds.get(jobId)
    if (nodeId === undefined) return undefined
    return { record: JobRecord.create(), passCount: 1, passIndex: 0, step: 0, totalSteps: 0, nodeId }
  }

  async cancel(tenant: string, jobId: string): Promise<CancelOutcome> {
    const outcome = await this.#options.store.jobs.cancel(tenant, jobId)
    const record = await this.#options.store.jobs.read(tenant, jobId)
    if (outcome === 'cancelled' && record) this.#tell({ kind: 'record', record })
    if (outcome === 'cancelling') this.#cancels.get(jobId)?.abort()
    return outcome
  }

  async skip(): Promise<boolean> {
    return false
  }

  async freeMemory(options: { unloadModels: boolean; freeCache: boolean }): Promise<void> {
    this.freed.push(options)
  }

  /** Resolves when nothing will happen by itself any more: no job is open, or the running one is held. */
  async settle(): Promise<void> {
    const states = [JobState.JOB_STATE_QUEUED, JobState.JOB_STATE_RUNNING, JobState.JOB_STATE_CANCELLING]
    while (this.#release === undefined && (await this.#options.store.jobs.list({ states })).length > 0)
      await new Promise((resolve) => setTimeout(resolve, 2))
  }

  /** Lets a held job go on; with false it stays. */
  release(isMeant = true): void {
    if (isMeant) this.#release?.()
  }

  /** Tells of an update as if it came from elsewhere. */
  tell(update: JobUpdate): void {
    this.#tell(update)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    for (const cancel of this.#cancels.values()) cancel.abort()
    await this.#done
  }

  async #work(): Promise<void> {
    const { jobs } = this.#options.store
    const request = { workerId: 'scripted', accepts: () => true, residentIdentities: [] }
    while (!this.#stop.signal.aborted) {
      const lease = await jobs.claim(request, this.#stop.signal)
      if (lease === undefined) return
      await this.#run(lease)
    }
  }

  async #run(lease: NonNullable<Awaited<ReturnType<LedgerStore['jobs']['claim']>>>): Promise<void> {
    const { record, epoch } = lease
    const job = record.job as Job
    const cancel = new AbortController()
    this.#cancels.set(job.id, cancel)
    await this.#options.beforeTelling?.()
    this.#tell({ kind: 'record', record })
    let sequence = 0
    const outcome = await this.#options.script({
      job,
      cancelled: cancel.signal,
      hold: () => this.#hold(cancel.signal),
      tell: async (event) => {
        await this.#options.beforeTelling?.()
        sequence += 1
        if (event.$case === 'nodeStart') this.#nodeIds.set(job.id, event.value.nodeId)
        const told = JobEvent.fromPartial({ jobId: job.id, epoch, sequence, timeMs: Date.now(), event })
        this.#tell({ kind: 'event', record, event: told })
      },
    })
    await this.#options.beforeTelling?.()
    await this.#options.store.jobs.finish(lease, outcome)
    this.#cancels.delete(job.id)
    this.#nodeIds.delete(job.id)
    const ended = await this.#options.store.jobs.read(job.tenant, job.id)
    if (ended !== undefined && ended.state !== JobState.JOB_STATE_QUEUED)
      this.#tell({ kind: 'record', record: ended })
  }

  async #hold(cancelled: AbortSignal): Promise<void> {
    if (cancelled.aborted) return
    await new Promise<void>((resolve) => {
      this.#release = () => {
        this.#release = undefined
        resolve()
      }
      cancelled.addEventListener('abort', () => this.#release?.())
    })
  }

  #tell(update: JobUpdate): void {
    for (const { filter, listener } of [...this.#subscriptions]) {
      if (filter.tenant === update.record.job?.tenant) listener(update)
    }
  }
}
