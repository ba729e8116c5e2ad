import { JobState, Surface, type JobRecord } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import { OPEN_STATES } from '../../dispatch/job-states.ts'

/** States in which a job has run, or was stopped while it did. */
const ENDED_STATES: readonly JobState[] = [
  JobState.JOB_STATE_DONE,
  JobState.JOB_STATE_FAILED,
  JobState.JOB_STATE_INTERRUPTED,
]

/** The tenant's WebUI jobs that have not ended, in queue order. */
async function listOpenJobs(deps: GatewayDeps, tenant: string): Promise<JobRecord[]> {
  return deps.store.jobs.list({ tenant, surface: Surface.SURFACE_SDAPI, states: OPEN_STATES })
}

/** Those of them that wait. */
export async function listQueuedJobs(deps: GatewayDeps, tenant: string): Promise<JobRecord[]> {
  const open = await listOpenJobs(deps, tenant)
  return open.filter(({ state }) => state === JobState.JOB_STATE_QUEUED)
}

/** Those of them that run, the one begun last first. */
export async function listRunningJobs(deps: GatewayDeps, tenant: string): Promise<JobRecord[]> {
  const open = await listOpenJobs(deps, tenant)
  return open
    .filter(({ state }) => state !== JobState.JOB_STATE_QUEUED)
    .sort((a, b) => b.startedAtMs - a.startedAtMs)
}

/** The tenant's WebUI job that ended last, or undefined. */
export async function findLastJob(deps: GatewayDeps, tenant: string): Promise<JobRecord | undefined> {
  const query = { tenant, surface: Surface.SURFACE_SDAPI, states: ENDED_STATES, limit: 1 }
  return (await deps.store.jobs.list(query)).at(-1)
}
