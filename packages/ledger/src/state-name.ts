import { JobState } from '@atelier/proto'

const PREFIX = 'JOB_STATE_'
const NAMES = new Map<JobState, string>(
  Object.entries(JobState).map(([name, state]) => [state, name.slice(PREFIX.length).toLowerCase()]),
)

/** A state as metrics, logs and job addresses name it: "queued", "done", "parked". */
export function toStateName(state: JobState): string {
  return NAMES.get(state) ?? 'unrecognized'
}
