import type { JobRecord } from '@atelier/proto'

/**
 * How long the head of the queue may be overtaken by younger jobs whose checkpoint is loaded already, milliseconds
 * since its admission. Bounds the inversion of the queue: no job waits longer than this for others' convenience.
 */
export const AFFINITY_WINDOW_MS = 10_000

/** Picks from queue-ordered jobs: the head, or, while the head is young, the first one whose checkpoint is loaded. */
export function chooseCandidate(
  records: readonly JobRecord[],
  residentIdentities: readonly string[],
  now: number,
): JobRecord | undefined {
  const head = records[0]
  if (head === undefined || now - (head.job?.submittedAtMs ?? 0) > AFFINITY_WINDOW_MS) return head
  const isResident = (record: JobRecord): boolean => {
    const checkpoint = record.job?.models[0]?.identity
    return checkpoint === undefined || residentIdentities.includes(checkpoint)
  }
  // A negative number asks to go ahead of everyone.
  if ((head.job?.queueNumber ?? 0) < 0) return head
  return records.find(isResident) ?? head
}
