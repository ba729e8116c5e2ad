import type { JobRecord } from '@atelier/proto'

/**
 * How long the head of the queue may be overtaken by younger jobs whose checkpoint is loaded already, milliseconds
 * since its admission. Bounds the inversion of the queue: no job waits longer than this for others' convenience.
 */
export const AFFINITY_WINDOW_MS = 10_000

/**
 * Picks from jobs in queue order: the head, or, while the head is young, the first one whose checkpoint is loaded.
 * Looks no further than it must.
 */
export function chooseCandidate(
  records: Iterable<JobRecord>,
  residentIdentities: readonly string[],
  now: number,
): JobRecord | undefined {
  let head: JobRecord | undefined
  for (const record of records) {
    head ??= record
    const isOverdue = now - (head.job?.submittedAtMs ?? 0) > AFFINITY_WINDOW_MS
    // A negative number asks to go ahead of everyone.
    if (isOverdue || (head.job?.queueNumber ?? 0) < 0) return head
    const checkpoint = record.job?.models[0]?.identity
    if (checkpoint === undefined || residentIdentities.includes(checkpoint)) return record
  }
  return head
}
