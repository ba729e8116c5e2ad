import type { Job, WorkerDescription } from '@atelier/proto'
import type { ClaimRequest } from '../job-ledger.ts'

/**
 * How long a worker that holds a job's checkpoint has the first claim to it, milliseconds since its message came. Then
 * whoever has room takes it: holding a checkpoint never keeps a job waiting longer than this.
 */
export const HEAD_START_MS = 200

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
