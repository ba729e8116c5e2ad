import { JobRecord, JobState, NamedFile, type Job, type Surface } from '@atelier/proto'
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
import { toBytes, type EmbeddedDatabase } from './database.ts'
import type { Doorbell } from './doorbell.ts'
import { LeaseWatch, type HeldJob } from './lease-watch.ts'

/** Queued jobs looked at for one claim, in pages: as a rule the first one is taken. */
const CLAIM_PAGES = [4, 196]

/** What is used of a prepared statement. */
interface Statement {
  run(...values: unknown[]): { readonly changes: number }
  get(...values: unknown[]): unknown
  all(...values: unknown[]): unknown[]
}

interface JobRow {
  readonly id: string
  readonly change: number
  readonly record: Uint8Array | ArrayBuffer
}

/** The clocks of a process. */
export interface Clocks {
  /** Milliseconds since 1970 UTC. */
  readonly now: () => number
  /** A monotonic clock, milliseconds. */
  readonly elapsed: () => number
}

/** The job ledger in one SQLite database shared by the processes of a machine. */
export class EmbeddedJobLedger implements JobLedger {
  readonly #database: EmbeddedDatabase
  readonly #bell: Doorbell
  readonly #now: () => number
  readonly #commits: CommitQueue
  readonly #statements = new Map<string, Statement>()
  readonly #leases: LeaseWatch
  /** Jobs that slots of this process are claiming now. */
  readonly #claiming = new Set<string>()
  readonly #chooser = new CandidateChooser()

  constructor(database: EmbeddedDatabase, bell: Doorbell, { now, elapsed }: Clocks, commits: CommitQueue) {
    this.#database = database
    this.#bell = bell
    this.#now = now
    this.#leases = new LeaseWatch(elapsed)
    this.#commits = commits
  }

  async submit(job: Job, rules: SubmitRules = {}): Promise<Submission> {
    const submission = await this.#commits.run('durable', (): Submission => {
      const earlier = this.#findLatest(job.tenant, job.surface, job.publicId)
      if (earlier !== undefined && attachesTo(earlier, job, rules))
        return { kind: 'attached', record: earlier }
      const record = createRecord(job)
      this.#insert(record, job)
      return { kind: 'created', record }
    })
    if (submission.kind === 'created') this.#bell.ring()
    return submission
  }

  async read(tenant: string, jobId: string): Promise<JobRecord | undefined> {
    const record = this.#readRecord(jobId)
    return record?.job?.tenant === tenant ? record : undefined
  }

  async find(tenant: string, surface: Surface, publicId: string): Promise<JobRecord | undefined> {
    return this.#findLatest(tenant, surface, publicId)
  }

  async list(query: JobQuery): Promise<JobRecord[]> {
    const states = query.states ?? Object.values(JobState).filter((state) => state > 0)
    const open = states.filter((state) => !isEndedState(state))
    const ended = states.filter((state) => isEndedState(state))
    const queued = open.length === 0 ? [] : this.#select(query, open, 'queue_number, submitted')
    // The newest ended ones are wanted, told oldest first.
    const past = ended.length === 0 ? [] : this.#select(query, ended, 'ended_at DESC, change DESC').reverse()
    return [...queued, ...past]
  }

  async peek(limit: number): Promise<Job[]> {
    const queued = await this.list({ states: [JobState.JOB_STATE_QUEUED], limit })
    return queued.flatMap(({ job }) => job ?? [])
  }

  async *watch(query: Pick<JobQuery, 'tenant' | 'surface'>, signal: AbortSignal): AsyncIterable<JobRecord> {
    const changed = this.#prepare(
      'SELECT id, change, record FROM jobs WHERE change > ? ORDER BY change LIMIT 500',
    )
    let cursor = this.#readChange()
    while (!signal.aborted) {
      const rows = changed.all(cursor) as JobRow[]
      for (const row of rows) {
        cursor = row.change
        const record = decode(row)
        if (matches(query, record)) yield record
        if (signal.aborted) return
      }
      if (rows.length === 0) await this.#nextRing(signal, () => this.#readChange() > cursor)
    }
  }

  async cancel(tenant: string, jobId: string): Promise<CancelOutcome> {
    const outcome = await this.#commits.run('durable', (): CancelOutcome => {
      const record = this.#readRecord(jobId)
      if (record?.job?.tenant !== tenant) return 'unknown'
      const changed = cancelRecord(record, this.#now())
      if (changed !== undefined) this.#update(changed)
      if (record.state === JobState.JOB_STATE_QUEUED) return 'cancelled'
      return isEndedState(record.state) ? 'ended' : 'cancelling'
    })
    this.#bell.ring()
    return outcome
  }

  async forget(tenant: string, jobIds: readonly string[]): Promise<number> {
    const remove = this.#prepare('DELETE FROM jobs WHERE id = ? AND tenant = ? AND ended_at > 0')
    return this.#commits.run('durable', () =>
      jobIds.reduce((count, id) => count + remove.run(id, tenant).changes, 0),
    )
  }

  async claim(request: ClaimRequest, signal: AbortSignal): Promise<Lease | undefined> {
    while (!signal.aborted) {
      const chosen = this.#chooser.choose(
        this.#acceptable(request),
        request.residentIdentities,
        performance.now(),
      )
      if (chosen === undefined) {
        await this.#nextRing(signal, () => false)
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
      const record = this.#readRecord(jobIdOf(lease))
      const renewed = record && renewRecord(record, lease.epoch, this.#now())
      // A renewal is no news: it keeps its place in the order of changes.
      if (renewed !== undefined) this.#store(renewed, undefined)
      return leaseStateOf(record, lease.epoch)
    })
  }

  async finish(lease: Lease, outcome: JobOutcome): Promise<boolean> {
    return this.#move(lease, (record) => {
      const ended = finishRecord(record, lease.epoch, outcome, this.#now())
      if (ended !== undefined) this.#enterFiles(ended)
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
    const select = this.#prepare('SELECT id, lease_until AS leaseUntil FROM jobs WHERE state IN (?, ?)')
    const held = select.all(JobState.JOB_STATE_RUNNING, JobState.JOB_STATE_CANCELLING) as HeldJob[]
    const expired = this.#leases.findExpired(held, this.#now())
    // Looked for without the write lock: as a rule there is nothing to do.
    if (expired.length === 0) return 0
    const moved = await this.#commits.run('durable', () => {
      const recovered = expired.flatMap(({ id, leaseUntil }) => {
        const record = this.#readRecord(id)
        // It may have been renewed, or ended, a moment ago.
        if (record?.leaseUntilMs !== leaseUntil) return []
        return recoverRecord(record, Math.max(this.#now(), leaseUntil + 1)) ?? []
      })
      for (const record of recovered) this.#update(record)
      return recovered.length
    })
    this.#bell.ring()
    return moved
  }

  async allocate(tenant: string, counter: string, count: number): Promise<number> {
    // No number is seen before the job that holds it is stored, durably and later in the same log.
    return this.#commits.run('relaxed', () => {
      const row = this.#prepare('SELECT next FROM counters WHERE tenant = ? AND name = ?').get(
        tenant,
        counter,
      )
      const first = (row as { next: number } | undefined)?.next ?? 1
      this.#prepare('INSERT OR REPLACE INTO counters VALUES (?, ?, ?)').run(tenant, counter, first + count)
      return first
    })
  }

  async close(): Promise<void> {
    // The store that opened database and bell closes them.
  }

  async #take(jobId: string, workerId: string): Promise<JobRecord | undefined> {
    this.#claiming.add(jobId)
    try {
      return await this.#commits.run('relaxed', () => {
        const record = this.#readRecord(jobId)
        const claimed = record && claimRecord(record, { workerId }, this.#now())
        if (claimed !== undefined) this.#update(claimed)
        return claimed
      })
    } finally {
      this.#claiming.delete(jobId)
    }
  }

  *#acceptable(request: ClaimRequest): Iterable<JobRecord> {
    const page = this.#prepare(
      'SELECT id, change, record FROM jobs WHERE state = ? ORDER BY queue_number, submitted LIMIT ? OFFSET ?',
    )
    let offset = 0
    for (const size of CLAIM_PAGES) {
      const rows = page.all(JobState.JOB_STATE_QUEUED, size, offset) as JobRow[]
      for (const row of rows) {
        if (this.#claiming.has(row.id)) continue
        const record = decode(row)
        if (record.job !== undefined && request.accepts(record.job)) yield record
      }
      if (rows.length < size) return
      offset += size
    }
  }

  async #move(lease: Lease, transition: (record: JobRecord) => JobRecord | undefined): Promise<boolean> {
    const moved = await this.#commits.run('durable', () => {
      const record = this.#readRecord(jobIdOf(lease))
      const changed = record && transition(record)
      if (changed !== undefined) this.#update(changed)
      return changed !== undefined
    })
    this.#bell.ring()
    return moved
  }

  #enterFiles(record: JobRecord): void {
    const enter = this.#prepare('INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)')
    for (const file of record.result?.files ?? []) {
      if (file.folder === 0) continue
      enter.run(
        record.job?.tenant,
        file.folder,
        file.subfolder,
        file.name,
        Buffer.from(NamedFile.encode(file).finish()),
      )
    }
  }

  #insert(record: JobRecord, job: Job): void {
    const change = this.#advanceChange()
    this.#prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?)').run(
      ...[job.id, job.tenant, job.surface, job.publicId, job.requestDigest, record.state, job.queueNumber],
      ...[change, change, encode(record)],
    )
  }

  #update(record: JobRecord): void {
    this.#store(record, this.#advanceChange())
  }

  #store(record: JobRecord, change: number | undefined): void {
    this.#prepare(
      'UPDATE jobs SET state = ?, lease_until = ?, ended_at = ?, record = ?, change = COALESCE(?, change) WHERE id = ?',
    ).run(record.state, record.leaseUntilMs, record.endedAtMs, encode(record), change ?? null, record.job?.id)
  }

  #advanceChange(): number {
    const row = this.#prepare('UPDATE clock SET change = change + 1 RETURNING change').get()
    return (row as { change: number }).change
  }

  /** A statement, prepared once. */
  #prepare(text: string): Statement {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.#database.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }

  #readChange(): number {
    return (this.#prepare('SELECT change FROM clock').get() as { change: number }).change
  }

  #readRecord(jobId: string): JobRecord | undefined {
    const row = this.#prepare('SELECT id, change, record FROM jobs WHERE id = ?').get(jobId)
    return row === undefined ? undefined : decode(row as JobRow)
  }

  #findLatest(tenant: string, surface: Surface, publicId: string): JobRecord | undefined {
    const row = this.#prepare(
      'SELECT id, change, record FROM jobs WHERE tenant = ? AND surface = ? AND public_id = ? ORDER BY submitted DESC LIMIT 1',
    ).get(tenant, surface, publicId)
    return row === undefined ? undefined : decode(row as JobRow)
  }

  #select(query: JobQuery, states: readonly JobState[], order: string): JobRecord[] {
    const conditions = [`state IN (${states.map(() => '?').join(', ')})`]
    const values: (string | number)[] = [...states]
    for (const column of ['tenant', 'surface'] as const) {
      const value = query[column]
      if (value === undefined) continue
      conditions.push(`${column} = ?`)
      values.push(value)
    }
    const limit = query.limit === undefined ? '' : ` LIMIT ${query.limit}`
    const text = `SELECT id, change, record FROM jobs WHERE ${conditions.join(' AND ')} ORDER BY ${order}${limit}`
    return (this.#prepare(text).all(...values) as JobRow[]).map((row) => decode(row))
  }

  #nextRing(signal: AbortSignal, isThereNews: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        unlisten()
        signal.removeEventListener('abort', finish)
        resolve()
      }
      const unlisten = this.#bell.listen(finish)
      signal.addEventListener('abort', finish)
      // A ring between the last look and this listener would be missed.
      if (signal.aborted || isThereNews()) finish()
    })
  }
}

function encode(record: JobRecord): Buffer {
  return Buffer.from(JobRecord.encode(record).finish())
}

function decode(row: JobRow): JobRecord {
  return JobRecord.decode(toBytes(row.record))
}

function jobIdOf(lease: Lease): string {
  return lease.record.job?.id ?? ''
}

function matches(query: Pick<JobQuery, 'tenant' | 'surface'>, record: JobRecord): boolean {
  if (query.tenant !== undefined && record.job?.tenant !== query.tenant) return false
  return query.surface === undefined || record.job?.surface === query.surface
}
