import { AtelierError } from '@atelier/ledger'

/** How many jobs may wait. */
export interface AdmissionLimits {
  readonly maxQueued: number
  readonly maxQueuedPerTenant: number
}

/** How many jobs wait now. */
export interface QueueDepth {
  readonly all: number
  readonly tenant: number
}

/**
 * Throws AtelierError `queue-full` or `tenant-queue-full` when one more job would pass a limit, or when the stores are
 * short of room.
 */
export function checkAdmission(depth: QueueDepth, limits: AdmissionLimits, shortage?: string): void {
  if (shortage !== undefined) throw new AtelierError('queue-full', shortage)
  if (depth.tenant >= limits.maxQueuedPerTenant) {
    throw new AtelierError(
      'tenant-queue-full',
      `at most ${limits.maxQueuedPerTenant} jobs may wait for one key, ${depth.tenant} do`,
    )
  }
  if (depth.all >= limits.maxQueued) {
    throw new AtelierError('queue-full', `at most ${limits.maxQueued} jobs may wait, ${depth.all} do`)
  }
}
