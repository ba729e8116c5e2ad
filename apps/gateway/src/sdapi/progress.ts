import type { Context } from 'hono'
import { JobState, Surface, type JobRecord } from '@atelier/proto'
import type { ExactObject, ExactValue } from '@atelier/catalog/exact-json'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import type { JobProgress } from '../dispatch/job-dispatcher.ts'
import { jsonAnswer, ValidationError } from './errors.ts'
import { COERCIONS } from './request/coerce.ts'
import { readBody } from './request/read-body.ts'
import { requireObject, validateFields } from './request/validate.ts'
import { listOpenJobs, listRunningJobs } from './running-jobs.ts'
import { toTimestamp } from './to-response.ts'

/** Progress of a job that has begun but reports nothing yet. */
const JUST_STARTED = 0.01

/** GET /sdapi/v1/progress: the caller's job that runs longest. */
export function handleProgress(deps: GatewayDeps) {
  return async function progress(c: Context<GatewayEnv>): Promise<Response> {
    const skipsImage = readSwitch(c.req.query('skip_current_image'))
    const tenant = c.get('tenant')
    const [record] = await listRunningJobs(deps, tenant)
    const known = record && deps.dispatcher.progress(tenant, record.job?.id ?? '')
    return jsonAnswer(toProgressBody(deps.now(), record, known, skipsImage))
  }
}

function readSwitch(text: string | undefined): boolean {
  if (text === undefined) return false
  const coerced = COERCIONS.boolean(text)
  if ('value' in coerced) return coerced.value === true
  throw new ValidationError(
    coerced.faults.map((fault) => ({ ...fault, location: ['query', 'skip_current_image'] })),
  )
}

function toProgressBody(
  now: number,
  record: JobRecord | undefined,
  known: JobProgress | undefined,
  skipsImage: boolean,
): ExactObject {
  const share = record === undefined ? 0 : toShare(known)
  const elapsedSeconds = record === undefined ? 0 : (now - record.startedAtMs) / 1000
  const preview = skipsImage ? undefined : known?.preview
  return new Map<string, ExactValue>([
    ['progress', Math.min(share, 1)],
    ['eta_relative', share === 0 ? 0 : elapsedSeconds / share - elapsedSeconds],
    ['state', toState(record, known)],
    ['current_image', preview === undefined ? null : Buffer.from(preview.bytes).toString('base64')],
    ['textinfo', null],
  ])
}

/** A hundredth for having begun, then finished passes and the share of the present one. */
function toShare(known: JobProgress | undefined): number {
  if (known === undefined || known.passCount === 0) return JUST_STARTED
  const { passCount, passIndex, step, totalSteps } = known
  return JUST_STARTED + passIndex / passCount + (totalSteps === 0 ? 0 : step / totalSteps / passCount)
}

function toState(record: JobRecord | undefined, known: JobProgress | undefined): ExactObject {
  const passes = known?.passCount ?? 0
  const isStopping = record?.state === JobState.JOB_STATE_CANCELLING
  return new Map<string, ExactValue>([
    ['skipped', false],
    ['interrupted', isStopping],
    ['stopping_generation', false],
    ['job', record === undefined ? '' : toJobName(record, known)],
    ['job_count', record === undefined ? 0n : BigInt(passes || -1)],
    ['job_timestamp', record === undefined ? '0' : toTimestamp(record.startedAtMs)],
    ['job_no', BigInt(known?.passIndex ?? 0)],
    ['sampling_step', BigInt(known?.step ?? 0)],
    ['sampling_steps', BigInt(known?.totalSteps ?? 0)],
  ])
}

function toJobName(record: JobRecord, known: JobProgress | undefined): string {
  const passes = known?.passCount ?? 0
  if (passes > 1) return `Batch ${(known?.passIndex ?? 0) + 1} out of ${passes}`
  const isImageToImage =
    record.job?.kind?.$case === 'generation' && record.job.kind.value.source !== undefined
  return isImageToImage ? 'scripts_img2img' : 'scripts_txt2img'
}

/** POST /internal/progress: one task by its id. */
export function handleTaskProgress(deps: GatewayDeps) {
  return async function taskProgress(c: Context<GatewayEnv>): Promise<Response> {
    const fields = validateFields(requireObject(await readBody(c)), [
      { name: 'id_task', type: 'text' },
      { name: 'id_live_preview', type: 'integer', default: -1n },
      { name: 'live_preview', type: 'boolean', default: true },
    ])
    const id = fields.get('id_task')
    const record =
      typeof id === 'string'
        ? await deps.store.jobs.find(c.get('tenant'), Surface.SURFACE_SDAPI, id)
        : undefined
    return jsonAnswer(await toTaskBody(deps, c.get('tenant'), record, Number(fields.get('id_live_preview'))))
  }
}

async function toTaskBody(
  deps: GatewayDeps,
  tenant: string,
  record: JobRecord | undefined,
  seenPreview: number,
): Promise<ExactObject> {
  const state = record?.state
  const isQueued = state === JobState.JOB_STATE_QUEUED
  const isActive = state === JobState.JOB_STATE_RUNNING || state === JobState.JOB_STATE_CANCELLING
  const known = record && deps.dispatcher.progress(tenant, record.job?.id ?? '')
  const base: [string, ExactValue][] = [
    ['active', isActive],
    ['queued', isQueued],
    ['completed', record !== undefined && !isActive && !isQueued],
  ]
  if (!isActive) {
    const text = isQueued ? await describeQueue(deps, tenant, record?.job?.id) : 'Waiting...'
    const nulls = ['progress', 'eta', 'live_preview'].map((key): [string, ExactValue] => [key, null])
    return new Map([...base, ...nulls, ['id_live_preview', -1n], ['textinfo', text]])
  }
  const share = Math.min(Math.max(toShare(known) - JUST_STARTED, 0), 1)
  const elapsedSeconds = (deps.now() - (record?.startedAtMs ?? 0)) / 1000
  const preview = known?.preview && known.preview.number !== seenPreview ? known.preview : undefined
  return new Map<string, ExactValue>([
    ...base,
    ['progress', share],
    ['eta', share === 0 ? null : elapsedSeconds / share - elapsedSeconds],
    [
      'live_preview',
      preview ? `data:${preview.mediaType};base64,${Buffer.from(preview.bytes).toString('base64')}` : null,
    ],
    ['id_live_preview', BigInt(known?.preview?.number ?? -1)],
    ['textinfo', null],
  ])
}

async function describeQueue(deps: GatewayDeps, tenant: string, jobId: string | undefined): Promise<string> {
  const open = await listOpenJobs(deps, tenant)
  return `In queue: ${open.findIndex(({ job }) => job?.id === jobId) + 1}/${open.length}`
}
