import type { Job, JobRecord } from '@atelier/proto'
import type { Submission } from '@atelier/ledger'

/** Hears what a dispatcher does, for metrics; must not throw. */
export interface JobObserver {
  /** A submission was stored, or found its earlier equal. */
  submitted(job: Job, outcome: Submission['kind']): void
  /** A submission was refused, or could not be stored. */
  refused(job: Job, error: unknown): void
  /** A job ended, wherever it was submitted; once a job. */
  ended(record: JobRecord): void
}
