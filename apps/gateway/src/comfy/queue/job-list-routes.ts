import { Surface, type JobRecord } from '@atelier/proto'
import type { GatewayDeps } from '../../deps.ts'
import type { AddRoute } from '../add-route.ts'
import { readHistory } from './history.ts'
import { durationOf, statusOf, toJobsBody, toWholeJob, workflowIdOf, type JobStatus } from './job-list.ts'
import { jobOf } from '../job-view.ts'
import { listOpen } from './queue.ts'
import { memberOf, readJsonBody } from '../read-body.ts'
import { answerJson, answerPlainJson, pathParameter } from '../respond.ts'

const DEFAULT_LIMIT = 100
const OPEN: readonly JobStatus[] = ['pending', 'in_progress']
const ENDED: readonly JobStatus[] = ['completed', 'failed', 'cancelled']
const STATUSES: readonly string[] = [...OPEN, ...ENDED]

/**
 * Prompts as jobs, which ComfyUI has since December 2025: its newer front ends show their queue and history from them.
 * There are no twins without `/api`.
 */
export function addJobListRoutes(add: AddRoute, { dispatcher, store }: GatewayDeps): void {
  const find = (tenant: string, id: string) => store.jobs.find(tenant, Surface.SURFACE_COMFY, id)
  const cancel = async (tenant: string, id: string): Promise<boolean> => {
    const record = await find(tenant, id)
    if (record === undefined) return false
    const outcome = await dispatcher.cancel(tenant, jobOf(record).id)
    return outcome === 'cancelled' || outcome === 'cancelling'
  }

  add('GET', '/api/jobs', async (c) => {
    const query = readQuery(c.req.query())
    if (typeof query === 'string') return answerPlainJson({ error: query }, 400)
    const tenant = c.get('tenant')
    // Pages ask for both halves apart, and whenever anything changes.
    const isWanted = (status: JobStatus) => query.statuses.length === 0 || query.statuses.includes(status)
    const open = OPEN.some(isWanted) ? await listOpen(store.jobs, tenant) : []
    const ended = ENDED.some(isWanted) ? await readHistory(store.jobs, tenant) : []
    return answerJson(toJobsBody(select([...ended, ...open], query), query))
  })

  add('POST', '/api/jobs/cancel', async (c) => {
    const ids = memberOf(await readJsonBody(c), 'job_ids')
    if (!Array.isArray(ids) || !ids.every((id) => typeof id === 'string'))
      return answerPlainJson({ error: 'job_ids must be a list of ids' }, 400)
    const outcomes = await Promise.all(ids.map((id) => cancel(c.get('tenant'), id)))
    return answerPlainJson({ cancelled: outcomes.some(Boolean) })
  })

  add('POST', '/api/jobs/:job_id/cancel', async (c) =>
    answerPlainJson({ cancelled: await cancel(c.get('tenant'), pathParameter(c, 'job_id')) }),
  )

  add('GET', '/api/jobs/:job_id', async (c) => {
    const record = await find(c.get('tenant'), pathParameter(c, 'job_id'))
    return record === undefined
      ? answerPlainJson({ error: 'Job not found' }, 404)
      : answerJson(toWholeJob(record))
  })
}

interface JobsQuery {
  readonly statuses: readonly string[]
  readonly workflowId: string
  readonly isByDuration: boolean
  readonly isAscending: boolean
  readonly limit: number
  readonly offset: number
}

/** What a request asks for, or what is wrong with it. */
function readQuery(query: Record<string, string>): JobsQuery | string {
  const statuses = (query['status'] ?? '').split(',').filter((status) => status !== '')
  const unknown = statuses.find((status) => !STATUSES.includes(status))
  if (unknown !== undefined) return `status must be of ${STATUSES.join(', ')}, got ${unknown}`
  const { sort_by: by = 'created_at', sort_order: order = 'desc' } = query
  if (!['created_at', 'execution_duration'].includes(by))
    return `sort_by must be created_at or execution_duration, got ${by}`
  if (!['asc', 'desc'].includes(order)) return `sort_order must be asc or desc, got ${order}`
  const [limit, offset] = [toWhole(query['limit'], DEFAULT_LIMIT), toWhole(query['offset'], 0)]
  if (!(limit > 0)) return 'limit must be a whole number above 0'
  if (!(offset >= 0)) return 'offset must be a whole number from 0'
  return {
    ...{ statuses, limit, offset, workflowId: query['workflow_id'] ?? '' },
    ...{ isByDuration: by === 'execution_duration', isAscending: order === 'asc' },
  }
}

function toWhole(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  return /^\d+$/.test(text) ? Number(text) : NaN
}

function select(records: readonly JobRecord[], query: JobsQuery): JobRecord[] {
  const { statuses, workflowId, isByDuration, isAscending } = query
  const keyOf = (record: JobRecord) => (isByDuration ? durationOf(record) : jobOf(record).submittedAtMs)
  const sign = isAscending ? 1 : -1
  return records
    .filter((record) => statuses.length === 0 || statuses.includes(statusOf(record)))
    .filter((record) => workflowId === '' || workflowIdOf(record) === workflowId)
    .sort((a, b) => sign * (keyOf(a) - keyOf(b)))
}
