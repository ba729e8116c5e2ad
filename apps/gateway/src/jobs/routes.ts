import { formatExactJson, toExact, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import { isAtelierError, toStateName } from '@atelier/ledger'
import { JobState, Surface, type JobRecord } from '@atelier/proto'
import { Hono } from 'hono'
import { readOutputs } from '../comfy/queue/history.ts'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { isEnded } from '../dispatch/job-states.ts'
import { RETRY_AFTER } from '../refusals.ts'
import { toJobResult } from '../sdapi/answer/to-job-result.ts'
import { createEventRoutes } from './event-routes.ts'
import { answerMissing, findJob } from './find-job.ts'
import { JOBS_PATH } from './job-address.ts'
import { createJobListRoutes } from './list-routes.ts'
import { createPictureRoutes } from './picture-routes.ts'
import { toErrorBody } from './summarize-job.ts'

/**
 * Jobs by address, whichever surface they came through: GET tells the state, and the result once there is one; DELETE
 * stops a job that waits or runs. A job of another tenant is not there.
 */
export function createJobRoutes(deps: GatewayDeps): Hono<GatewayEnv> {
  const routes = new Hono<GatewayEnv>()
  routes.get(`${JOBS_PATH}/:id`, async (c) => {
    const record = await findJob(deps, c)
    return record === undefined ? answerMissing(c) : answer(await describeJob(deps, record))
  })
  routes.delete(`${JOBS_PATH}/:id`, async (c) => {
    const record = await findJob(deps, c)
    if (record?.job === undefined) return answerMissing(c)
    const outcome = await deps.dispatcher.cancel(record.job.tenant, record.job.id)
    return answer(toExact({ id: record.job.id, outcome }), outcome === 'ended' ? 409 : 202)
  })
  for (const create of [createJobListRoutes, createPictureRoutes, createEventRoutes])
    routes.route('/', create(deps))
  routes.onError((error) => answerJobFault(deps, error))
  return routes
}

/** The answer to a fault of these routes; what we did not foresee hides its text. */
export function answerJobFault({ logger }: Pick<GatewayDeps, 'logger'>, error: Error): Response {
  const known = isAtelierError(error) ? error : undefined
  if (known?.code === 'invalid-request')
    return answer(toExact({ error: { code: known.code, message: known.message } }), 400)
  const isAway = known?.retryable === true
  if (!isAway) logger.error({ err: error }, 'a job route failed')
  const body = isAway
    ? { code: known.code, message: known.message }
    : { code: 'internal', message: 'internal error' }
  const response = answer(toExact({ error: body }), isAway ? 503 : 500)
  if (isAway) response.headers.set('retry-after', RETRY_AFTER)
  return response
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
  const error = toErrorBody(record.error)
  if (error !== null) described.set('error', toExact(error))
  if (record.state === JobState.JOB_STATE_DONE || record.state === JobState.JOB_STATE_INTERRUPTED)
    described.set('result', await describeResult(deps, record))
  return described
}

function toTime(timeMs: number): ExactValue {
  return timeMs === 0 ? null : BigInt(timeMs)
}

async function describeResult(deps: GatewayDeps, record: JobRecord): Promise<ExactValue> {
  if (record.job?.surface === Surface.SURFACE_COMFY) return new Map([['outputs', readOutputs(record)]])
  return toJobResult(deps, record)
}

function answer(value: ExactValue, status = 200): Response {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  return new Response(formatExactJson(value), { status, headers })
}
