import type { Context } from 'hono'
import { JobState, Surface, type JobRecord } from '@atelier/proto'
import type { ExactObject, ExactValue } from '@atelier/catalog/exact-json'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import { jsonAnswer } from '../errors.ts'
import type { FieldDefinition } from '../request/field.ts'
import { readBody } from '../request/read-body.ts'
import { requireObject, validateFields, type CheckedFields } from '../request/validate.ts'
import { listQueuedJobs } from './running-jobs.ts'
import { toRunningState, toSecondsLeft, toShare } from './progress-state.ts'

/** Fields of the request, in A1111's order. */
export const TASK_PROGRESS_FIELDS: readonly FieldDefinition[] = [
  { name: 'id_task', type: 'text' },
  { name: 'id_live_preview', type: 'integer', default: -1n },
  { name: 'live_preview', type: 'boolean', default: true },
]

const STANDING: Partial<Record<JobState, 'active' | 'queued'>> = {
  [JobState.JOB_STATE_QUEUED]: 'queued',
  [JobState.JOB_STATE_RUNNING]: 'active',
  [JobState.JOB_STATE_CANCELLING]: 'active',
}

/** POST /internal/progress: one task by its id. */
export function handleTaskProgress(deps: GatewayDeps) {
  return async function taskProgress(c: Context<GatewayEnv>): Promise<Response> {
    const fields = validateFields(requireObject(await readBody(c)), TASK_PROGRESS_FIELDS)
    const tenant = c.get('tenant')
    const id = fields.get('id_task')
    const record =
      typeof id === 'string' && tenant !== ''
        ? await deps.store.jobs.find(tenant, Surface.SURFACE_SDAPI, id)
        : undefined
    const standing = record && (STANDING[record.state] ?? 'completed')
    const flags = ['active', 'queued', 'completed'].map((flag): [string, boolean] => [
      flag,
      flag === standing,
    ])
    const rest =
      record !== undefined && standing === 'active'
        ? describeRunning(deps, record, fields)
        : await describeOther(deps, record, standing === 'queued')
    return jsonAnswer(new Map<string, ExactValue>([...flags, ...rest]))
  }
}

function describeRunning(deps: GatewayDeps, record: JobRecord, fields: CheckedFields): ExactObject {
  const known = deps.dispatcher.progress(record.job?.tenant ?? '', record.job?.id ?? '')
  const share = Math.min(toShare(toRunningState(record, known), 0), 1)
  const elapsed = deps.now() - record.startedAtMs
  const newest = known?.preview
  const seen = Number(fields.get('id_live_preview') ?? -1)
  const isShown = fields.get('live_preview') === true && newest !== undefined && newest.number !== seen
  const image = isShown
    ? `data:${newest.mediaType};base64,${Buffer.from(newest.bytes).toString('base64')}`
    : null
  return new Map<string, ExactValue>([
    ['progress', share],
    ['eta', share === 0 ? null : toSecondsLeft(elapsed, share)],
    ['live_preview', image],
    ['id_live_preview', BigInt(newest?.number ?? -1)],
    ['textinfo', null],
  ])
}

async function describeOther(
  deps: GatewayDeps,
  record: JobRecord | undefined,
  isQueued: boolean,
): Promise<ExactObject> {
  return new Map<string, ExactValue>([
    ['progress', null],
    ['eta', null],
    ['live_preview', null],
    ['id_live_preview', -1n],
    ['textinfo', record !== undefined && isQueued ? await describeQueue(deps, record) : 'Waiting...'],
  ])
}

async function describeQueue(deps: GatewayDeps, { job }: JobRecord): Promise<string> {
  const queued = await listQueuedJobs(deps, job?.tenant ?? '')
  const place = queued.findIndex((record) => record.job?.id === job?.id) + 1
  return `In queue: ${place}/${queued.length}`
}
