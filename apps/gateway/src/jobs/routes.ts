import { formatExactJson, toExact, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { isAtelierError, toStateName } from '@atelier/ledger'
import { JobState, Surface, type JobRecord } from '@atelier/proto'
import { Hono, type Context } from 'hono'
import { readOutputs } from '../comfy/queue/history.ts'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { isEnded } from '../dispatch/job-states.ts'
import { toJobResult } from '../sdapi/answer/to-job-result.ts'
import { JOBS_PATH } from './job-address.ts'

/** When a client may try again after a refusal, seconds. */
const RETRY_AFTER = '5'

/**
 * Jobs by address, whichever surface they came through: GET tells the state, and the result once there is one; DELETE
 * stops a job that waits or runs. A job of another tenant is not there.
 */
export function createJobRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const routes = new Hono<GatewayEnv>()
  const find = (c: Context<GatewayEnv>) => deps.store.jobs.read(c.get('tenant'), c.req.param('id') ?? '')

  routes.get(`${JOBS_PATH}/:id`, async (c) => {
    const record = await find(c)
    return record === undefined ? answerMissing(c) : answer(await describeJob(deps, record))
  })
  routes.delete(`${JOBS_PATH}/:id`, async (c) => {
    const record = await find(c)
    if (record?.job === undefined) return answerMissing(c)
    const outcome = await deps.dispatcher.cancel(record.job.tenant, record.job.id)
    return answer(toExact({ id: record.job.id, outcome }), outcome === 'ended' ? 409 : 202)
  })
  routes.onError((error) => {
    const isAway = isAtelierError(error) && error.retryable
    if (!isAway) deps.logger.error({ err: error }, 'a job route failed')
    const body = isAway
      ? { code: error.code, message: error.message }
      : { code: 'internal', message: 'internal error' }
    const response = answer(toExact({ error: body }), isAway ? 503 : 500)
    if (isAway) response.headers.set('retry-after', RETRY_AFTER)
    return response
  })
  return routes
}

async function describeJob(deps: GatewayDeps, record: JobRecord): Promise<ExactObject> {
  const { job } = record
  const progress = deps.dispatcher.progress(job?.tenant ?? '', job?.id ?? '')
  const described = new Map<string, ExactValue>([
    ['id', job?.id ?? ''],
    ['public_id', job?.publicId ?? ''],
    ['surface', job?.surface === Surface.SURFACE_COMFY ? 'comfy' : 'sdapi'],
    ['state', toStateName(record.state)],
    ['submitted_at_ms', BigInt(job?.submittedAtMs ?? 0)],
    ['started_at_ms', toTime(record.startedAtMs)],
    ['ended_at_ms', toTime(record.endedAtMs)],
    ['attempt', BigInt(record.attempt)],
  ])
  if (!isEnded(record.state)) {
    const { step = 0, totalSteps = 0 } = progress ?? {}
    described.set('progress', toExact({ step, total_steps: totalSteps }))
  }
  if (record.error !== undefined) described.set('error', toError(record.error))
  if (record.state === JobState.JOB_STATE_DONE || record.state === JobState.JOB_STATE_INTERRUPTED)
    described.set('result', await describeResult(deps, record))
  return described
}

function toTime(timeMs: number): ExactValue {
  return timeMs === 0 ? null : BigInt(timeMs)
}

function toError({ code, message, retryable }: NonNullable<JobRecord['error']>): ExactValue {
  return toExact({ code, message: code === 'internal' ? 'internal error' : message, retryable })
}

async function describeResult(deps: GatewayDeps, record: JobRecord): Promise<ExactValue> {
  if (record.job?.surface === Surface.SURFACE_COMFY) return new Map([['outputs', readOutputs(record)]])
  return toJobResult(deps, record)
}

function answerMissing(c: Context<GatewayEnv>): Response {
  const message = `there is no job ${c.req.param('id') ?? ''}`
  return answer(toExact({ error: { code: 'not-found', message } }), 404)
}

function answer(value: ExactValue, status = 200): Response {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  return new Response(formatExactJson(value), { status, headers })
}
