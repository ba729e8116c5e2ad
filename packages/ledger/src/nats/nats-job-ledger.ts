import { JobState, type Job, type JobRecord, type Surface } from '@atelier/proto'
import { CandidateChooser } from '../choose-candidate.ts'
import { AtelierError } from '../errors.ts'
import type {
  CancelOutcome,
  ClaimRequest,
  JobLedger,
  JobOutcome,
  JobQuery,
  Lease,
  LeaseState,
  Submission,
  SubmitRules,
} from '../job-ledger.ts'
import * as machine from '../job-state.ts'
import type { ViewEntry } from './job-view.ts'
import type { NatsJobLedgerParts } from './ledger-parts.ts'
import { isRecordKey, toRecordKey } from './record-codec.ts'
import { chooseWork } from './placement.ts'
import type { Change, KnownRecord } from './record-store.ts'
import { Submissions } from './submissions.ts'
import { sweep } from './sweep.ts'
import { WakeUps } from './wake-ups.ts'
import type { WaitingJob } from './work-queue.ts'

/** How long a listing waits until the records have been read, milliseconds. */
const LOAD_LIMIT_MS = 10_000
/** How often waiting jobs are looked at even when nothing was told, milliseconds. */
const LOOK_MS = 1_000
/** Records read at once for a listing. */
const READS_AT_ONCE = 32

/** The job ledger over NATS JetStream: records in a bucket, work messages in a stream. */
export class NatsJobLedger implements JobLedger {
  readonly #parts: NatsJobLedgerParts
  /** Jobs that slots of this process are claiming now. */
  readonly #claiming = new Set<string>()
  /** The records of leases of this process, as they were written last. */
  readonly #held = new WeakMap<Lease, KnownRecord>()
  readonly #chooser = new CandidateChooser()
  readonly #submissions: Submissions
  #sweeping: Promise<number> | undefined

  constructor(parts: NatsJobLedgerParts) {
    this.#parts = parts
    this.#submissions = new Submissions(parts)
  }

  submit(job: Job, rules?: SubmitRules): Promise<Submission> {
    return this.#submissions.submit(job, rules)
  }

  async read(tenant: string, jobId: string): Promise<JobRecord | undefined> {
    const { records, view } = this.#parts
    const seen = view.get(toRecordKey(tenant, jobId))?.record
    // What has ended does not change; the rest may have changed a moment ago.
    const isFinal = seen !== undefined && machine.isEndedState(seen.state)
    const record = isFinal ? seen : (await records.read(tenant, jobId))?.record
    return record && records.complete(record)
  }

  async find(tenant: string, surface: Surface, publicId: string): Promise<JobRecord | undefined> {
    const seen = this.#parts.view.getLatest(tenant, surface, publicId)
    if (seen !== undefined) return this.read(tenant, seen.key.slice(tenant.length + 1))
    const [{ jobId }, named] = await Promise.all([
      this.#parts.publicIds.find(tenant, surface, publicId),
      // One whose public id is its own id has no entry.
      isRecordKey(tenant, publicId) ? this.read(tenant, publicId) : undefined,
    ])
    if (jobId !== '') return this.read(tenant, jobId)
    return named?.job?.publicId === publicId && named.job.surface === surface ? named : undefined
  }

  async list(query: JobQuery): Promise<JobRecord[]> {
    const { view } = this.#parts
    if (!(await view.whenLoaded(LOAD_LIMIT_MS)))
      throw new AtelierError('unavailable', 'the broker cannot be reached: the jobs have not been read yet')
    await view.catchUp()
    const entries = view.select(query)
    const records: (JobRecord | undefined)[] = []
    for (let start = 0; start < entries.length; start += READS_AT_ONCE)
      records.push(
        ...(await Promise.all(entries.slice(start, start + READS_AT_ONCE).map((e) => this.#complete(e)))),
      )
    return records.filter((record) => record !== undefined)
  }

  async *watch(query: Pick<JobQuery, 'tenant' | 'surface'>, signal: AbortSignal): AsyncIterable<JobRecord> {
    const { records, view } = this.#parts
    const waiting = new Map<string, JobRecord>()
    const news = new WakeUps()
    const unlisten = view.listen((record) => {
      const { tenant, surface, id } = record.job ?? { tenant: '', surface: 0, id: '' }
      if (query.tenant !== undefined && tenant !== query.tenant) return
      if (query.surface !== undefined && surface !== query.surface) return
      // A later change takes the place of one that was not told yet.
      waiting.set(id, record)
      news.wake()
    })
    try {
      while (!signal.aborted) {
        const [next] = waiting
        if (next === undefined) {
          await news.wait(LOOK_MS, signal)
          continue
        }
        waiting.delete(next[0])
        yield await records.complete(next[1])
      }
    } finally {
      unlisten()
    }
  }

  async cancel(tenant: string, jobId: string): Promise<CancelOutcome> {
    const { records, now, queue } = this.#parts
    const change = await records.change({ tenant, jobId }, (record) => machine.cancelRecord(record, now()))
    if (change === undefined) return 'unknown'
    const { record, isChanged } = change
    if (!machine.isEndedState(record.state)) return 'cancelling'
    if (!isChanged) return 'ended'
    if (record.job !== undefined) await queue.remove(record.job).catch(() => undefined)
    return 'cancelled'
  }

  async forget(tenant: string, jobIds: readonly string[]): Promise<number> {
    const { records, view } = this.#parts
    const forgotten = await Promise.all(
      jobIds.map(async (jobId) => {
        const key = toRecordKey(tenant, jobId)
        const known = await records.read(tenant, jobId)
        if (known === undefined || !machine.isEndedState(known.record.state)) return false
        const isGone = await records.bucket.remove(key, known.revision)
        if (isGone) view.forget(key)
        return isGone
      }),
    )
    return forgotten.filter(Boolean).length
  }

  async peek(limit: number): Promise<Job[]> {
    const { queue } = this.#parts
    queue.follow()
    const jobs: Job[] = []
    for (const { job } of queue.inOrder) {
      if (jobs.length >= limit) break
      jobs.push(job)
    }
    return jobs
  }

  async claim(request: ClaimRequest, signal: AbortSignal): Promise<Lease | undefined> {
    const { queue, records, workers, presence, now } = this.#parts
    queue.follow()
    workers.follow()
    void presence.announce()
    while (!signal.aborted) {
      const { job, waitMs } = this.#choose(request)
      if (job === undefined || waitMs > 0) {
        await queue.nextNews(Math.min(waitMs, LOOK_MS), signal, request.workerId)
        continue
      }
      this.#claiming.add(job.id)
      try {
        const place = { tenant: job.tenant, jobId: job.id }
        const holder = await presence.announce()
        const take = (record: JobRecord): JobRecord | undefined =>
          machine.claimRecord(record, { workerId: request.workerId, holder }, now())
        const waiting = queue.get(job.id)
        const change = await records.change(place, take, waiting?.known)
        // Claimed by us or by somebody else, or gone: its message stands for nothing any more.
        void queue.remove(job, waiting?.sequence).catch(() => undefined)
        if (change?.isChanged !== true) continue
        const record = await records.complete(change.record)
        const lease = { workerId: request.workerId, epoch: record.epoch, record }
        this.#held.set(lease, change)
        return lease
      } finally {
        this.#claiming.delete(job.id)
      }
    }
    return undefined
  }

  /** The job to claim, and how long a worker that is better placed for it has the first claim. */
  #choose(request: ClaimRequest): { job?: Job; waitMs: number } {
    const { queue, workers, elapsed } = this.#parts
    if (!queue.isLoaded) return { waitMs: LOOK_MS }
    const asking = {
      ...{ request, chooser: this.#chooser, elapsed: elapsed() },
      living: () => workers.living(),
    }
    return chooseWork(this.#listOpen(request), asking) ?? { waitMs: LOOK_MS }
  }

  *#listOpen(request: ClaimRequest): Iterable<WaitingJob> {
    for (const entry of this.#parts.queue.inOrder)
      if (!this.#claiming.has(entry.job.id) && request.accepts(entry.job)) yield entry
  }

  async renew(lease: Lease): Promise<LeaseState> {
    const renew = (record: JobRecord): JobRecord | undefined =>
      machine.renewRecord(record, lease.epoch, this.#parts.now())
    const change = await this.#changeHeld(lease, renew)
    return machine.leaseStateOf(change?.record, lease.epoch)
  }

  async finish(lease: Lease, outcome: JobOutcome): Promise<boolean> {
    const { files, now } = this.#parts
    const change = await this.#changeHeld(lease, (record) =>
      machine.finishRecord(record, lease.epoch, outcome, now()),
    )
    // Done at this epoch already: the answer to an earlier call was lost.
    const isOurs =
      change?.isChanged === true ||
      (outcome.kind === 'done' &&
        change?.record.state === JobState.JOB_STATE_DONE &&
        change.record.epoch === lease.epoch)
    if (!isOurs) return false
    const named = outcome.result?.files.filter(({ folder }) => folder !== 0) ?? []
    await Promise.all(named.map((file) => files.put(placeOf(lease).tenant, file)))
    return true
  }

  async abandon(lease: Lease): Promise<boolean> {
    return this.#release(lease, (record) => machine.abandonRecord(record, lease.epoch, this.#parts.now()))
  }

  async handBack(lease: Lease): Promise<boolean> {
    return this.#release(lease, (record) => machine.handBackRecord(record, lease.epoch, this.#parts.now()))
  }

  async #release(lease: Lease, transition: (record: JobRecord) => JobRecord | undefined): Promise<boolean> {
    const { queue } = this.#parts
    const change = await this.#changeHeld(lease, transition)
    if (change?.isChanged !== true) return false
    if (change.record.state === JobState.JOB_STATE_QUEUED) await queue.add(change.record)
    return true
  }

  /** Changes the record of a lease, first over what this process wrote last: nobody else has, as a rule. */
  async #changeHeld(
    lease: Lease,
    transition: (record: JobRecord) => JobRecord | undefined,
  ): Promise<Change | undefined> {
    const change = await this.#parts.records.change(placeOf(lease), transition, this.#held.get(lease))
    if (change !== undefined) this.#held.set(lease, change)
    return change
  }

  async recover(): Promise<number> {
    const { view, queue } = this.#parts
    queue.follow()
    view.follow()
    if (!view.isLoaded || !queue.isLoaded) return 0
    // One at a time, however slow the broker is.
    this.#sweeping ??= sweep(this.#parts).finally(() => (this.#sweeping = undefined))
    return this.#sweeping
  }

  allocate(tenant: string, counter: string, count: number): Promise<number> {
    return this.#parts.counters.allocate(tenant, counter, count)
  }

  async close(): Promise<void> {
    this.#parts.view.close()
    this.#parts.queue.close()
    this.#parts.presence.close()
  }

  async #complete(entry: ViewEntry): Promise<JobRecord | undefined> {
    const { records } = this.#parts
    if (entry.record !== undefined) return records.complete(entry.record)
    return this.read(entry.tenant, entry.key.slice(entry.tenant.length + 1))
  }
}

function placeOf({ record }: Lease): { tenant: string; jobId: string } {
  return { tenant: record.job?.tenant ?? '', jobId: record.job?.id ?? '' }
}
