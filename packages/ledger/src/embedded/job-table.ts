import { JobRecord, JobState, NamedFile, type Job, type Surface } from '@atelier/proto'
import type { JobQuery } from '../job-ledger.ts'
import { toBytes, type EmbeddedDatabase } from './database.ts'
import type { HeldJob } from './lease-watch.ts'

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

/** A record, and where it stands in the order of changes. */
export interface ChangedRecord {
  readonly change: number
  readonly record: JobRecord
}

/** Records of a page of changes. */
const CHANGES_READ = 500

/** The statements over job records and counters; each is prepared once. Nothing here opens a transaction. */
export class JobTable {
  readonly #database: EmbeddedDatabase
  readonly #statements = new Map<string, Statement>()

  constructor(database: EmbeddedDatabase) {
    this.#database = database
  }

  insert(record: JobRecord, job: Job): void {
    const change = this.#advanceChange()
    this.#prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?)').run(
      ...[job.id, job.tenant, job.surface, job.publicId, job.requestDigest, record.state, job.queueNumber],
      ...[change, change, encode(record)],
    )
  }

  /** Stores a change: it is the newest from now on. */
  update(record: JobRecord): void {
    this.#store(record, this.#advanceChange())
  }

  /** Stores a change that is no news: it keeps its place in the order of changes. */
  updateQuietly(record: JobRecord): void {
    this.#store(record, undefined)
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

  /** The newest change. */
  readChange(): number {
    return (this.#prepare('SELECT change FROM clock').get() as { change: number }).change
  }

  /** Records that changed after one, oldest first, a page of them. */
  listChanged(after: number): ChangedRecord[] {
    const rows = this.#prepare(
      `SELECT id, change, record FROM jobs WHERE change > ? ORDER BY change LIMIT ${CHANGES_READ}`,
    ).all(after) as JobRow[]
    return rows.map((row) => ({ change: row.change, record: decode(row) }))
  }

  read(jobId: string): JobRecord | undefined {
    const row = this.#prepare('SELECT id, change, record FROM jobs WHERE id = ?').get(jobId)
    return row === undefined ? undefined : decode(row as JobRow)
  }

  /** The job that was submitted last under a public id. */
  findLatest(tenant: string, surface: Surface, publicId: string): JobRecord | undefined {
    const row = this.#prepare(
      'SELECT id, change, record FROM jobs WHERE tenant = ? AND surface = ? AND public_id = ? ORDER BY submitted DESC LIMIT 1',
    ).get(tenant, surface, publicId)
    return row === undefined ? undefined : decode(row as JobRow)
  }

  /** Records in some states, ordered by columns. */
  select(query: JobQuery, states: readonly JobState[], order: string): JobRecord[] {
    const conditions = [`state IN (${states.map(() => '?').join(', ')})`]
    const values: (string | number)[] = [...states]
    for (const column of ['tenant', 'surface'] as const) {
      const value = query[column]
      if (value === undefined) continue
      conditions.push(`${column} = ?`)
      values.push(value)
    }
    // SQLite takes a limit of -1 for none.
    const text = `SELECT id, change, record FROM jobs WHERE ${conditions.join(' AND ')} ORDER BY ${order} LIMIT ?`
    return (this.#prepare(text).all(...values, query.limit ?? -1) as JobRow[]).map(decode)
  }

  /** A page of waiting jobs in the order of the queue; jobs are decoded as they are looked at. */
  readQueue(size: number, offset: number): { readonly id: string; readonly read: () => JobRecord }[] {
    const rows = this.#prepare(
      'SELECT id, change, record FROM jobs WHERE state = ? ORDER BY queue_number, submitted LIMIT ? OFFSET ?',
    ).all(JobState.JOB_STATE_QUEUED, size, offset) as JobRow[]
    return rows.map((row) => ({ id: row.id, read: () => decode(row) }))
  }

  /** Jobs that somebody holds. */
  listHeld(): HeldJob[] {
    const select = this.#prepare('SELECT id, lease_until AS leaseUntil FROM jobs WHERE state IN (?, ?)')
    return select.all(JobState.JOB_STATE_RUNNING, JobState.JOB_STATE_CANCELLING) as HeldJob[]
  }

  /** Removes an ended job of a tenant; gives how many that were. */
  removeEnded(tenant: string, jobId: string): number {
    return this.#prepare('DELETE FROM jobs WHERE id = ? AND tenant = ? AND ended_at > 0').run(jobId, tenant)
      .changes
  }

  /** Enters the names of a record's files. */
  enterFiles({ job, result }: JobRecord): void {
    const enter = this.#prepare('INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?)')
    for (const file of result?.files ?? []) {
      if (file.folder === 0) continue
      const bytes = Buffer.from(NamedFile.encode(file).finish())
      enter.run(job?.tenant, file.folder, file.subfolder, file.name, bytes)
    }
  }

  /** Reserves `count` consecutive numbers of a counter and gives the first. */
  allocate(tenant: string, counter: string, count: number): number {
    const row = this.#prepare('SELECT next FROM counters WHERE tenant = ? AND name = ?').get(tenant, counter)
    const first = (row as { next: number } | undefined)?.next ?? 1
    this.#prepare('INSERT OR REPLACE INTO counters VALUES (?, ?, ?)').run(tenant, counter, first + count)
    return first
  }

  #prepare(text: string): Statement {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.#database.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }
}

function encode(record: JobRecord): Buffer {
  return Buffer.from(JobRecord.encode(record).finish())
}

function decode(row: JobRow): JobRecord {
  return JobRecord.decode(toBytes(row.record))
}
