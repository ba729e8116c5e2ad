import type { Job, WorkerDescription } from '@atelier/proto'
import type { CandidateChooser } from '../choose-candidate.ts'
import type { ClaimRequest } from '../job-ledger.ts'

/**
 * How long a worker that holds a job's checkpoint has the first claim to it, milliseconds since its message came. Then
 * whoever has room takes it: holding a checkpoint never keeps a job waiting longer than this.
 */
export const HEAD_START_MS = 200

/** A job that waits and when this process saw it first, by its monotonic clock, milliseconds. */
export interface SeenJob {
  readonly job: Job
  readonly seenAt: number
}

/** Who asks, and when. */
export interface Asking {
  readonly request: Pick<ClaimRequest, 'workerId' | 'residentIdentities'>
  readonly chooser: Pick<CandidateChooser, 'choose'>
  /** By the monotonic clock, milliseconds. */
  readonly elapsed: number
  /** The living workers, as the directory shows them; asked only when it matters. */
  readonly living: () => readonly WorkerDescription[]
}

/**
 * The job a worker is to claim, of jobs in queue order, and how long, milliseconds, a worker that is better placed for it
 * has the first claim. Undefined: none waits. A free worker leaves a job no longer than HEAD_START_MS to another.
 */
export function chooseWork(
  waiting: Iterable<SeenJob>,
  { request, chooser, elapsed, living }: Asking,
): { readonly job: Job; readonly waitMs: number } | undefined {
  const chosen = chooser.choose(waiting, request.residentIdentities, elapsed)
  if (chosen === undefined) return undefined
  const { job, seenAt } = chosen
  const leftMs = HEAD_START_MS - (elapsed - seenAt)
  return { job, waitMs: leftMs > 0 && isBetterElsewhere(job, request, living()) ? leftMs : 0 }
}

/**
 * Whether another living worker holds the job's checkpoint and has a free slot, while the asking one does not hold it.
 * What the directory says is up to WORKER_HEARTBEAT_MS old, so it may only decide about a head start.
 */
export function isBetterElsewhere(
  job: Job,
  asking: Pick<ClaimRequest, 'workerId' | 'residentIdentities'>,
  living: readonly WorkerDescription[],
): boolean {
  const checkpoint = job.models[0]?.identity
  if (checkpoint === undefined || asking.residentIdentities.includes(checkpoint)) return false
  return living.some(
    ({ id, ready, draining, slots, jobIds, residentIdentities }) =>
      id !== asking.workerId &&
      ready &&
      !draining &&
      jobIds.length < slots &&
      residentIdentities.includes(checkpoint),
  )
}
