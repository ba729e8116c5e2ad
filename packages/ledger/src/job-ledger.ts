import type {
  Job,
  JobError,
  JobRecord,
  JobResult,
  JobState,
  NamedFile,
  FolderKind,
  Surface,
} from '@atelier/proto'

/** What came of a submission: a new record, or the one an earlier, equal submission made. */
export interface Submission {
  readonly kind: 'created' | 'attached'
  readonly record: JobRecord
}

/** How a submission meets an earlier job of the same tenant, surface and public id. */
export interface SubmitRules {
  /** The id stands for one body (an Idempotency-Key): another is refused, of two at the same instant one. */
  readonly keepsBody?: boolean
  /** Ends after which the same body runs anew instead of being answered with that end. */
  readonly runsAgainAfter?: readonly JobState[]
}

/** Which records to list or watch. Absent fields do not restrict. */
export interface JobQuery {
  readonly tenant?: string
  readonly surface?: Surface
  readonly states?: readonly JobState[]
  /** At most this many, newest first when ended, queue order otherwise. */
  readonly limit?: number
}

/** How a job is asked to stop. */
export type CancelOutcome =
  | 'cancelled' // it was queued and will not run
  | 'cancelling' // it runs and will stop within a step
  | 'ended' // it had already ended; nothing changed
  | 'unknown' // no such job

/** What a worker offers when it asks for work. */
export interface ClaimRequest {
  readonly workerId: string
  /** Says whether this worker can run the job (it sees its models); must be quick and pure. */
  accepts(job: Job): boolean
  /** Identities of the models now loaded, for routing by what is resident. */
  readonly residentIdentities: readonly string[]
}

/** A worker's hold on a job. The epoch is the fencing token: a later claim makes this lease worthless. */
export interface Lease {
  readonly workerId: string
  readonly epoch: number
  readonly record: JobRecord
}

/** How a leased job ended. */
export type JobOutcome =
  | { readonly kind: 'done'; readonly result: JobResult }
  | { readonly kind: 'interrupted'; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly error: JobError; readonly result?: JobResult }

/** What a renewal found. */
export type LeaseState = 'held' | 'cancelling' | 'lost'

/**
 * The durable truth about jobs. Implementations: embedded (one machine, one database file) and NATS.
 * Every change is a compare-and-set over the state machine in job-state.ts. All methods throw AtelierError
 * with code `unavailable` when the store cannot be reached.
 */
export interface JobLedger {
  /**
   * Stores the job as queued; durable when the promise resolves. When the tenant's latest job of the same surface
   * and public id has the same request digest, nothing is stored and that record is returned as attached. However many
   * submit at once, one record is made.
   * @throws AtelierError `conflict` where the rules refuse another body
   */
  submit(job: Job, rules?: SubmitRules): Promise<Submission>
  /** The record of a job, or undefined. */
  read(tenant: string, jobId: string): Promise<JobRecord | undefined>
  /** The latest record with this public id, or undefined. */
  find(tenant: string, surface: Surface, publicId: string): Promise<JobRecord | undefined>
  /** Records that match: those not ended in queue order, then ended ones, newest last. */
  list(query: JobQuery): Promise<JobRecord[]>
  /**
   * Every change of matching records from now on, each job's in revision order, until the signal aborts.
   * Intermediate revisions may be skipped, the newest never is. Forgotten jobs are not reported.
   */
  watch(query: Pick<JobQuery, 'tenant' | 'surface'>, signal: AbortSignal): AsyncIterable<JobRecord>
  /** Asks a job to stop. */
  cancel(tenant: string, jobId: string): Promise<CancelOutcome>
  /** Removes ended jobs from the history; others are left alone. Returns how many went. */
  forget(tenant: string, jobIds: readonly string[]): Promise<number>

  /**
   * The first waiting jobs, in the order in which workers look at them, for what can be made ready for them; large jobs
   * without their large parts. A hint, perhaps a moment old.
   */
  peek(limit: number): Promise<Job[]>
  /** Waits for a job this worker accepts and claims it; undefined when the signal aborts first. */
  claim(request: ClaimRequest, signal: AbortSignal): Promise<Lease | undefined>
  /** Extends the lease. */
  renew(lease: Lease): Promise<LeaseState>
  /** Ends the job and makes its result and named files visible; false when the lease was lost (nothing changed). */
  finish(lease: Lease, outcome: JobOutcome): Promise<boolean>
  /** The engine died under the job: it is queued again, or parked after too many deaths; false when the lease was lost. */
  abandon(lease: Lease): Promise<boolean>
  /** Gives the job back unharmed, as if it had not been claimed; false when the lease was lost. */
  handBack(lease: Lease): Promise<boolean>
  /** Requeues or parks jobs whose lease ran out. Safe to call from anywhere at any time; returns how many moved. */
  recover(): Promise<number>

  /**
   * Reserves `count` consecutive numbers of a tenant's counter (file counters, prompt numbers) and returns the
   * first; counters start at 1, a reserved number is never given again.
   */
  allocate(tenant: string, counter: string, count: number): Promise<number>

  /** Releases files and sockets. */
  close(): Promise<void>
}

/** Names of stored files in a tenant's input, output and temp folders. Result files are entered by `finish`. */
export interface FileIndex {
  /** Enters or replaces a name. */
  put(tenant: string, file: NamedFile): Promise<void>
  /** The file of that name, or undefined. */
  find(tenant: string, folder: FolderKind, subfolder: string, name: string): Promise<NamedFile | undefined>
  /** All files of a folder and its subfolders, sorted by subfolder and name. */
  list(tenant: string, folder: FolderKind): Promise<NamedFile[]>
  /** Forgets a name; false when there was none. */
  remove(tenant: string, folder: FolderKind, subfolder: string, name: string): Promise<boolean>
}

/** Small JSON documents by tenant and key: options, styles, user settings, user data. */
export interface DocumentStore {
  /** The document and its revision, or undefined. */
  read(tenant: string, key: string): Promise<{ value: unknown; revision: number } | undefined>
  /** Stores it; with `expectedRevision` (0: must not exist) only if unchanged since. False when it had changed. */
  write(tenant: string, key: string, value: unknown, expectedRevision?: number): Promise<boolean>
  /** Removes it; false when there was none. */
  remove(tenant: string, key: string): Promise<boolean>
  /** Keys that start with the prefix, sorted. */
  list(tenant: string, prefix: string): Promise<string[]>
}
