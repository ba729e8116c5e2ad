import type { Job, JobRecord, ModelFile, WorkerDescription } from '@atelier/proto'

/** Jobs remembered as not fit for this worker; the oldest are tried again. */
const MAX_REMEMBERED = 1_000
/** Errors that speak of a worker, its files or its device's memory, rather than of the job. */
const WORKER_FAULTS: ReadonlySet<string> = new Set([
  'model-changed',
  'unusable-model',
  'not-found',
  'out-of-memory',
])

/** Whether every model file a job pins is among the files. */
export function hasModels(files: readonly ModelFile[], job: Job): boolean {
  return job.models.every((ref) =>
    files.some(
      ({ kind, name, identity }) =>
        kind === ref.kind && name === ref.name && (ref.identity === '' || identity === ref.identity),
    ),
  )
}

/** What tells which other workers there are. */
export interface UnfitJobsOptions {
  readonly workerId: string
  readonly listWorkers: () => Promise<readonly WorkerDescription[]>
}

/**
 * Jobs that this worker said it could run and could not: its files are not what it told the directory, or its device has too
 * little memory. They are given back, once to each worker, as long as another one says that it can run them.
 */
export class UnfitJobs {
  readonly #options: UnfitJobsOptions
  readonly #ids = new Set<string>()

  constructor(options: UnfitJobsOptions) {
    this.#options = options
  }

  /** Whether this worker has tried the job and should leave it to others. */
  has(jobId: string): boolean {
    return this.#ids.has(jobId)
  }

  /** Whether a job that failed with this error should be left to another worker; then it is remembered. */
  async leaveToOthers({ job, workersTried }: JobRecord, errorCode: string): Promise<boolean> {
    if (job === undefined || job.models.length === 0 || !WORKER_FAULTS.has(errorCode)) return false
    const workers = await this.#options.listWorkers().catch(() => [])
    const isThereAnother = workers.some(
      ({ id, ready, draining, models }) =>
        id !== this.#options.workerId &&
        ready &&
        !draining &&
        !workersTried.includes(id) &&
        hasModels(models, job),
    )
    if (isThereAnother) this.#remember(job.id)
    return isThereAnother
  }

  #remember(jobId: string): void {
    this.#ids.add(jobId)
    const [oldest] = this.#ids
    if (this.#ids.size > MAX_REMEMBERED && oldest !== undefined) this.#ids.delete(oldest)
  }
}
