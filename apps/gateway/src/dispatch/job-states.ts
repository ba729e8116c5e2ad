import { JobState } from '@atelier/proto'

const OPEN: ReadonlySet<JobState> = new Set([
  JobState.JOB_STATE_QUEUED,
  JobState.JOB_STATE_RUNNING,
  JobState.JOB_STATE_CANCELLING,
])

/** States a job can still leave. */
export const OPEN_STATES: readonly JobState[] = [...OPEN]

/** Whether a job in this state will never change again. */
export function isEnded(state: JobState): boolean {
  return !OPEN.has(state)
}
