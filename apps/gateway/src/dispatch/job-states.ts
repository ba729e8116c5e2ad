import { JobState } from '@atelier/proto'

const OPEN: ReadonlySet<JobState> = new Set([
  JobState.JOB_STATE_QUEUED,
  JobState.JOB_STATE_RUNNING,
  JobState.JOB_STATE_CANCELLING,
])

/** States a job can still leave. */
export const OPEN_STATES: readonly JobState[] = [...OPEN]

/** States a job stays in. */
export const ENDED_STATES: readonly JobState[] = [
  JobState.JOB_STATE_DONE,
  JobState.JOB_STATE_FAILED,
  JobState.JOB_STATE_INTERRUPTED,
  JobState.JOB_STATE_CANCELLED,
  JobState.JOB_STATE_EXPIRED,
  JobState.JOB_STATE_REJECTED,
  JobState.JOB_STATE_PARKED,
]

/** Whether a job in this state will never change again. */
export function isEnded(state: JobState): boolean {
  return !OPEN.has(state)
}
