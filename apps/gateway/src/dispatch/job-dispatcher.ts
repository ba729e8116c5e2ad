import type { Job, JobEvent, JobRecord } from '@atelier/proto'
import type { CancelOutcome, Submission, SubmitRules } from '@atelier/ledger'

/** One piece of news about a job: its record changed, or its worker reported progress. */
export type JobUpdate =
  | { readonly kind: 'record'; readonly record: JobRecord }
  | { readonly kind: 'event'; readonly record: JobRecord; readonly event: JobEvent }

/** Which jobs a listener hears of. */
export interface JobFilter {
  readonly tenant: string
  /** Restricts to one job. */
  readonly jobId?: string
  /** Restricts to jobs of these surfaces' words; absent: all. */
  readonly surface?: Job['surface']
  /** Preview pictures are wanted; without it preview events are not delivered. */
  readonly previews?: boolean
  /** Only changes of the record are wanted: nobody need ask the worker how the job fares. */
  readonly recordsOnly?: boolean
}

/** The newest progress known of a job, for routes that poll. */
export interface JobProgress {
  readonly record: JobRecord
  /** Passes announced by the engine; 0 before it began. */
  readonly passCount: number
  readonly passIndex: number
  readonly step: number
  readonly totalSteps: number
  /** Node graphs: the node that began last. */
  readonly nodeId?: string
  /** Newest preview; undefined before the first. */
  readonly preview?: {
    readonly bytes: Uint8Array
    readonly mediaType: string
    readonly step: number
    readonly number: number
  }
}

/** What the surfaces know of the rest of the system: they hand over jobs and hear how they fare. */
export interface JobDispatcher {
  /**
   * Admits and stores a job; durable when the promise resolves.
   * @throws AtelierError `tenant-queue-full`, `queue-full`, `unavailable`, or `conflict` where the rules refuse another
   * body; then nothing was stored.
   */
  submit(job: Job, rules?: SubmitRules): Promise<Submission>
  /**
   * Calls back for every update of matching jobs, each job's in order: at first its changes of state, then while it
   * runs its events, and its ended record last (exactly once). Returns the function that ends the subscription.
   */
  subscribe(filter: JobFilter, listener: (update: JobUpdate) => void): () => void
  /** Resolves with the ended record; rejects with the signal's reason when it aborts first. */
  wait(tenant: string, jobId: string, signal?: AbortSignal): Promise<JobRecord>
  /** Newest progress of a job that runs, or of one that ended a moment ago; undefined when nothing is known. */
  progress(tenant: string, jobId: string): JobProgress | undefined
  /** Asks a job to stop; running jobs stop within one step. */
  cancel(tenant: string, jobId: string): Promise<CancelOutcome>
  /** Ends the present pass of a running job and goes on with the next (A1111's skip); false when it does not run. */
  skip(tenant: string, jobId: string): Promise<boolean>
  /** Asks every worker to unload models, and to forget cached node results. */
  freeMemory(options: { unloadModels: boolean; freeCache: boolean }): Promise<void>
}
