import { forgetRequestSchema, type JobList } from '@atelier/catalog/atelier-api'
import { AtelierError } from '@atelier/ledger'
import { JobState } from '@atelier/proto'
import { Hono } from 'hono'
import { z } from 'zod'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { isEnded, OPEN_STATES } from '../dispatch/job-states.ts'
import { answerMissing, findJob } from './find-job.ts'
import { JOBS_PATH } from './job-address.ts'
import { summarizeJob } from './summarize-job.ts'

/** States of jobs that will not change any more. */
const ENDED_STATES = Object.values(JobState).filter(
  (state) => isEnded(state) && state > JobState.JOB_STATE_UNSPECIFIED,
)
/** Ended jobs that one list holds. */
const LIMIT = { usual: 50, most: 500 } as const

const querySchema = z.object({
  state: z.enum(['open', 'ended']),
  limit: z.coerce.number().int().min(1).max(LIMIT.most).default(LIMIT.usual),
})

/** Lists of the caller's jobs, of every surface, and what is done with several or with those that run. */
export function createJobListRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const routes = new Hono<GatewayEnv>()

  routes.get(JOBS_PATH, async (c) => {
    const { state, limit } = check(querySchema, c.req.query())
    return c.json(await listJobs(deps, c.get('tenant'), state === 'open' ? 'open' : limit), 200, NOT_KEPT)
  })

  routes.post(`${JOBS_PATH}/forget`, async (c) => {
    const { ids } = check(forgetRequestSchema, await c.req.json().catch(() => undefined))
    return c.json({ forgotten: await deps.store.jobs.forget(c.get('tenant'), ids) }, 200, NOT_KEPT)
  })

  routes.post(`${JOBS_PATH}/:id/skip`, async (c) => {
    const record = await findJob(deps, c)
    if (record?.job === undefined) return answerMissing(c)
    const { tenant, id } = record.job
    return c.json({ id, skipped: await deps.dispatcher.skip(tenant, id) }, 202, NOT_KEPT)
  })
  return routes
}

const NOT_KEPT = { 'cache-control': 'no-store' }

/** A tenant's jobs: those that wait or run in the order of the queue, or so many that ended last, the last one first. */
export async function listJobs(
  { store, dispatcher, now }: Pick<GatewayDeps, 'store' | 'dispatcher' | 'now'>,
  tenant: string,
  which: 'open' | number,
): Promise<JobList> {
  const query = which === 'open' ? { states: OPEN_STATES } : { states: ENDED_STATES, limit: which }
  const records = await store.jobs.list({ tenant, ...query })
  if (which !== 'open') records.reverse()
  const progressOf = (id: string | undefined) =>
    which === 'open' && id !== undefined ? dispatcher.progress(tenant, id) : undefined
  return { jobs: records.map((record) => summarizeJob(record, progressOf(record.job?.id), now())) }
}

function check<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new AtelierError(
    'invalid-request',
    parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`).join('; '),
  )
}
