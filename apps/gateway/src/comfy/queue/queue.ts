import type { ExactValue } from '@atelier/catalog/exact-json'
import type { JobLedger } from '@atelier/ledger'
import { JobState, Surface, type JobRecord } from '@atelier/proto'
import { OPEN_STATES } from '../../dispatch/job-states.ts'
import { jobOf, toQueueItem } from '../job-view.ts'

/** The tenant's prompts that wait or run, in the order of the queue. */
export function listOpen(jobs: JobLedger, tenant: string): Promise<JobRecord[]> {
  return jobs.list({ tenant, surface: Surface.SURFACE_COMFY, states: OPEN_STATES })
}

/** How many of the tenant's prompts wait or run. */
export async function countOpen(jobs: JobLedger, tenant: string): Promise<number> {
  return (await listOpen(jobs, tenant)).length
}

/** Whether a prompt waits. */
export function isPending(record: JobRecord): boolean {
  return record.state === JobState.JOB_STATE_QUEUED
}

/** The body of GET /queue. */
export function toQueueBody(open: readonly JobRecord[]): Map<string, ExactValue> {
  return new Map<string, ExactValue>([
    ['queue_running', open.filter((record) => !isPending(record)).map(toQueueItem)],
    ['queue_pending', toHeapOrder(open.filter(isPending)).map(toQueueItem)],
  ])
}

/**
 * Waiting prompts as ComfyUI lists them: in the order of the binary heap they make when they are put into it one after
 * the other. It differs from the order in which they will run only where clients choose places for themselves; those
 * who care sort by the number.
 */
function toHeapOrder(pending: readonly JobRecord[]): JobRecord[] {
  const arrivals = [...pending].sort((a, b) => jobOf(a).submittedAtMs - jobOf(b).submittedAtMs)
  const heap: JobRecord[] = []
  for (const record of arrivals) {
    let at = heap.push(record) - 1
    for (let parent = (at - 1) >> 1; at > 0 && isBefore(record, heap[parent]!); parent = (at - 1) >> 1) {
      heap[at] = heap[parent]!
      heap[parent] = record
      at = parent
    }
  }
  return heap
}

function isBefore(a: JobRecord, b: JobRecord): boolean {
  const [first, second] = [jobOf(a), jobOf(b)]
  if (first.queueNumber !== second.queueNumber) return first.queueNumber < second.queueNumber
  return first.publicId < second.publicId
}
