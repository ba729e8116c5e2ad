import type { ExactValue } from '@atelier/catalog/exact-json'
import type { JobLedger } from '@atelier/ledger'
import { JobState, Surface, type JobRecord } from '@atelier/proto'
import { OPEN_STATES } from '../dispatch/job-states.ts'
import { toQueueItem } from './job-view.ts'

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
    ['queue_pending', open.filter(isPending).map(toQueueItem)],
  ])
}
