import { JobState, type Job, type JobRecord, type Surface } from '@atelier/proto'
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
import { attachesTo } from '../earlier-job.ts'
import {
  abandonRecord,
  cancelRecord,
  claimRecord,
  createRecord,
  finishRecord,
  handBackRecord,
  isEndedState,
  leaseStateOf,
  recoverRecord,
  renewRecord,
} from '../job-state.ts'
import { CandidateChooser } from '../choose-candidate.ts'
import type { CommitQueue } from './commit-queue.ts'
import type { EmbeddedDatabase } from './database.ts'
import type { Doorbell } from './doorbell.ts'
import { JobTable } from './job-table.ts'
import { LeaseWatch } from './lease-watch.ts'

/** Queued jobs looked at for one claim, in pages: as a rule the first one is taken. */
const CLAIM_PAGES = [4, 196]

/** The clocks of a process. */
export interface Clocks {
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  /** A monotonic clock, milliseconds. */
  readonly elapsed: () => number
}

/** The job ledger in one SQLite database shared by the processes of a machine. */
export class EmbeddedJobLedger implements JobLedger {
  readonly #table: JobTable
  readonly #bell: Doorbell
  readonly #now: () => number
  readonly #elapsed: () => number
  readonly #commits: CommitQueue
  readonly #leases: LeaseWatch
  /** Jobs that slots of this process are claiming now. */
  readonly #claiming = new Set<string>()
  readonly #chooser = new CandidateChooser()

  constructor(database: EmbeddedDatabase, bell: Doorbell, { now, elapsed }: Clocks, commits: CommitQueue) {
    this.#table = new JobTable(database)
    this.#bell = bell
    this.#now = now
    this.#elapsed = elapsed
    this.#leases = new LeaseWatch(elapsed)
    this.#commits = commits
  }

  async submit(job: Job, rules: SubmitRules = {}): Promise<Submission> {
    const submission = await this.#commits.run('durable', (): Submission => {
      const earlier = this.#table.findLatest(job.tenant, job.surface, job.publicId)
      if (earlier !== undefined && attachesTo(earlier, job, rules))
        return { kind: 'attached', record: earlier }
      const record = createRecord(job)
      this.#table.insert(record, job)
      return { kind: 'created', record }
    })
    if (submission.kind === 'created') this.#bell.ring()
    return submission
  }

  async read(tenant: string, jobId: string): Promise<JobRecord | undefined> {
    const record = this.#table.read(jobId)
    return record?.job?.tenant === tenant ? record : undefined
  }

  async find(tenant: string, surface: Surface, publicId: string): Promise<JobRecord | undefined> {
    return this.#table.findLatest(tenant, surface, publicId)
  }

  async list(query: JobQuery): Promise<JobRecord[]> {
    const states = query.states ?? Object.values(JobState).filter((state) => state > 0)
    const open = states.filter((state) => !isEndedState(state))
    const ended = states.filter((state) => isEndedState(state))
    const queued = open.length === 0 ? [] : this.#table.select(query, open, 'queue_number, submitted')
    // The newest ended ones are wanted, told oldest first.
    const past =
      ended.length === 0 ? [] : this.#table.select(query, ended, 'ended_at DESC, change DESC').reverse()
    return [...queued, ...past]
  }

  async peek(limit: number): Promise<Job[]> {
    const queued = await this.list({ states: [JobState.JOB_STATE_QUEUED], limit })
    return queued.flatMap(({ job }) => job ?? [])
  }

  async *watch(query: Pick<JobQuery, 'tenant' | 'surface'>, signal: AbortSignal): AsyncIterable<JobRecord> {
    let cursor = this.#table.readChange()
    while (!signal.aborted) {
      const changed = this.#table.listChanged(cursor)
      for (const { change, record } of changed) {
        cursor = change
        if (matches(query, record)) yield record
        if (signal.aborted) return
      }
      if (changed.length === 0) await this.#bell.next(signal, () => this.#table.readChange() > cursor)
    }
  }

  async cancel(tenant: string, jobId: string): Promise<CancelOutcome> {
    const outcome = await this.#commits.run('durable', (): CancelOutcome => {
      const record = this.#table.read(jobId)
      if (record?.job?.tenant !== tenant) return 'unknown'
      const changed = cancelRecord(record, this.#now())
      if (changed !== undefined) this.#table.update(changed)
      if (record.state === JobState.JOB_STATE_QUEUED) return 'cancelled'
      return isEndedState(record.state) ? 'ended' : 'cancelling'
    })
    this.#bell.ring()
    return outcome
  }

  async forget(tenant: string, jobIds: readonly string[]): Promise<number> {
    return this.#commits.run('durable', () =>
      jobIds.reduce((count, id) => count + this.#table.removeEnded(tenant, id), 0),
    )
  }

  async claim(request: ClaimRequest, signal: AbortSignal): Promise<Lease | undefined> {
    while (!signal.aborted) {
      const chosen = this.#chooser.choose(
        this.#acceptable(request),
        request.residentIdentities,
        this.#elapsed(),
      )
      if (chosen === undefined) {
        await this.#bell.next(signal)
        continue
      }
      const record = await this.#take(chosen.job?.id ?? '', request.workerId)
      // Another process was faster: there may be more.
      if (record === undefined) continue
      this.#bell.ring()
      return { workerId: request.workerId, epoch: record.epoch, record }
    }
    return undefined
  }

  async renew(lease: Lease): Promise<LeaseState> {
    return this.#commits.run('relaxed', () => {
      const record = this.#table.read(jobIdOf(lease))
      const renewed = record && renewRecord(record, lease.epoch, this.#now())
      if (renewed !== undefined) this.#table.updateQuietly(renewed)
      return leaseStateOf(record, lease.epoch)
    })
  }

  async finish(lease: Lease, outcome: JobOutcome): Promise<boolean> {
    return this.#move(lease, (record) => {
      const ended = finishRecord(record, lease.epoch, outcome, this.#now())
      if (ended !== undefined) this.#table.enterFiles(ended)
      return ended
    })
  }

  async abandon(lease: Lease): Promise<boolean> {
    return this.#move(lease, (record) => abandonRecord(record, lease.epoch, this.#now()))
  }

  async handBack(lease: Lease): Promise<boolean> {
    return this.#move(lease, (record) => handBackRecord(record, lease.epoch, this.#now()))
  }

  async recover(): Promise<number> {
    const expired = this.#leases.findExpired(this.#table.listHeld(), this.#now())
    // Looked for without the write lock: as a rule there is nothing to do.
    if (expired.length === 0) return 0
    const move = (): number => {
      const recovered = expired.flatMap(({ id, leaseUntil }) => {
        const record = this.#table.read(id)
        // It may have been renewed, or ended, a moment ago.
        if (record?.leaseUntilMs !== leaseUntil) return []
        return recoverRecord(record, Math.max(this.#now(), leaseUntil + 1)) ?? []
      })
      for (const record of recovered) this.#table.update(record)
      return recovered.length
    }
    const moved = await this.#commits.run('durable', move).catch((fault: unknown) => {
      // What could not be written now could not be renewed either: their holders have all their time again.
      this.#leases.restart()
      throw fault
    })
    this.#bell.ring()
    return moved
  }

  async allocate(tenant: string, counter: string, count: number): Promise<number> {
    // No number is seen before the job that holds it is stored, durably and later in the same log.
    return this.#commits.run('relaxed', () => this.#table.allocate(tenant, counter, count))
  }

  async close(): Promise<void> {
    // The store that opened database and bell closes them.
  }

  async #take(jobId: string, workerId: string): Promise<JobRecord | undefined> {
    this.#claiming.add(jobId)
    try {
      return await this.#commits.run('relaxed', () => {
        const record = this.#table.read(jobId)
        const claimed = record && claimRecord(record, { workerId }, this.#now())
        if (claimed !== undefined) this.#table.update(claimed)
        return claimed
      })
    } finally {
      this.#claiming.delete(jobId)
    }
  }

  *#acceptable(request: ClaimRequest): Iterable<JobRecord> {
    let offset = 0
    for (const size of CLAIM_PAGES) {
      const page = this.#table.readQueue(size, offset)
      for (const { id, read } of page) {
        if (this.#claiming.has(id)) continue
        const record = read()
        if (record.job !== undefined && request.accepts(record.job)) yield record
      }
      if (page.length < size) return
      offset += size
    }
  }

  async #move(lease: Lease, transition: (record: JobRecord) => JobRecord | undefined): Promise<boolean> {
    const moved = await this.#commits.run('durable', () => {
      const record = this.#table.read(jobIdOf(lease))
      const changed = record && transition(record)
      if (changed !== undefined) this.#table.update(changed)
      return changed !== undefined
    })
    this.#bell.ring()
    return moved
  }
}

function jobIdOf(lease: Lease): string {
  return lease.record.job?.id ?? ''
}

function matches(query: Pick<JobQuery, 'tenant' | 'surface'>, record: JobRecord): boolean {
  if (query.tenant !== undefined && record.job?.tenant !== query.tenant) return false
  return query.surface === undefined || record.job?.surface === query.surface
}
