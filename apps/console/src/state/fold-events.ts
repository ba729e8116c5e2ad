import type { JobSummary } from '@atelier/catalog/atelier-api'
import type { JobsEvent } from '../api/read-events.ts'

/** What is known of the caller's jobs. */
export interface KnownJobs {
  /** Those that wait or run, in the order of the queue. */
  readonly open: readonly JobSummary[]
  /** Those that ended, the last one first. */
  readonly ended: readonly JobSummary[]
}

const OPEN: ReadonlySet<JobSummary['state']> = new Set(['queued', 'running', 'cancelling'])

/** Whether a job can still change. */
export function isOpen({ state }: JobSummary): boolean {
  return OPEN.has(state)
}

/** Folds an event into what is known. */
export function foldEvent(known: KnownJobs, event: JobsEvent): KnownJobs {
  if (event.name === 'jobs') return { ...known, open: event.data.jobs }
  if (event.name === 'job') return foldJob(known, event.data)
  const { id, progress } = event.data
  return { ...known, open: known.open.map((job) => (job.id === id ? { ...job, progress } : job)) }
}

function foldJob({ open, ended }: KnownJobs, job: JobSummary): KnownJobs {
  const others = ended.filter(({ id }) => id !== job.id)
  if (!isOpen(job)) return { open: open.filter(({ id }) => id !== job.id), ended: [job, ...others] }
  const isKnown = open.some(({ id }) => id === job.id)
  // What waits comes last, as a rule; the list is asked for again with every connection.
  return {
    open: isKnown ? open.map((one) => (one.id === job.id ? job : one)) : [...open, job],
    ended: others,
  }
}
