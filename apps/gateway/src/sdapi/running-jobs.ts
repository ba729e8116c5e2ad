import { Surface, type JobRecord } from '@atelier/proto'
import type { GatewayDeps } from '../deps.ts'
import { OPEN_STATES } from '../dispatch/job-states.ts'
import { JobState } from '@atelier/proto'

/** The tenant's WebUI jobs that have not ended, in queue order. */
export async function listOpenJobs(deps: GatewayDeps, tenant: string): Promise<JobRecord[]> {
  return deps.store.jobs.list({ tenant, surface: Surface.SURFACE_SDAPI, states: OPEN_STATES })
}

/** Those of them that run, the longest running first. */
export async function listRunningJobs(deps: GatewayDeps, tenant: string): Promise<JobRecord[]> {
  const open = await listOpenJobs(deps, tenant)
  return open
    .filter(({ state }) => state !== JobState.JOB_STATE_QUEUED)
    .sort((a, b) => a.startedAtMs - b.startedAtMs)
}
