import type { Context } from 'hono'
import type { GatewayEnv } from '../deps.ts'

/** Where jobs of every surface are found, by the id the gateway gave them. */
export const JOBS_PATH = '/atelier/v1/jobs'

/** The preference of RFC 7240 for an answer before the work is done. */
const RESPOND_ASYNC = 'respond-async'

/** Path of one job. */
function toJobPath(jobId: string): string {
  return `${JOBS_PATH}/${jobId}`
}

/** Whether the client prefers an address to waiting (`Prefer: respond-async`). */
export function prefersAddress(c: Context<GatewayEnv>): boolean {
  return (c.req.header('prefer') ?? '')
    .split(',')
    .some((preference) => preference.split(';')[0]?.trim().toLowerCase() === RESPOND_ASYNC)
}

/** Headers of an answer that gives a job's address instead of its end. */
export function toAddressHeaders(jobId: string): Record<string, string> {
  return { location: toJobPath(jobId), 'preference-applied': RESPOND_ASYNC }
}
