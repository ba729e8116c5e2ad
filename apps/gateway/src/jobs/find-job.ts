import type { JobRecord } from '@atelier/proto'
import type { Context } from 'hono'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'

/** The job a path names, when it is the caller's. */
export function findJob(
  { store }: Pick<GatewayDeps, 'store'>,
  c: Context<GatewayEnv>,
): Promise<JobRecord | undefined> {
  return store.jobs.read(c.get('tenant'), c.req.param('id') ?? '')
}

/** Says that what a path names is not there, be it another tenant's or nobody's. */
export function answerMissing(c: Context<GatewayEnv>): Response {
  const index = c.req.param('index')
  const job = `job ${c.req.param('id') ?? ''}`
  const message = index === undefined ? `there is no ${job}` : `there is no picture ${index} of ${job}`
  return c.json({ error: { code: 'not-found', message } }, 404, { 'cache-control': 'no-store' })
}
