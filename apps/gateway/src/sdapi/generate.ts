import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import { JobState, Surface, type JobRecord } from '@atelier/proto'
import { AtelierError } from '@atelier/ledger'
import { formatExactJson, type ExactObject } from '@atelier/catalog/exact-json'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { checkGenerationRequest } from './check-request.ts'
import { httpException, jsonAnswer, pythonException } from './errors.ts'
import { planGeneration, type GenerationPlan } from './generation-plan.ts'
import { readOptions } from './options/options-store.ts'
import { IMG2IMG_FIELDS, TXT2IMG_FIELDS } from './request/generation-fields.data.ts'
import { GenerationRequest } from './request/generation-request.ts'
import { readBody } from './request/read-body.ts'
import { decodePicture, storePicture } from './request/read-picture.ts'
import { requireObject, validateFields } from './request/validate.ts'
import { readStyles } from './style-store.ts'
import { toJob, type StoredPictures } from './to-job.ts'
import { toGenerationResponse } from './to-response.ts'

/** Which of the two generation routes. */
export type GenerationRoute = 'txt2img' | 'img2img'

/** Handles a generation route: check, settle, submit, wait, answer. */
export function handleGeneration(deps: GatewayDeps, route: GenerationRoute) {
  return async function generate(c: Context<GatewayEnv>): Promise<Response> {
    const tenant = c.get('tenant')
    const body = requireObject(await readBody(c))
    const fields = validateFields(body, route === 'txt2img' ? TXT2IMG_FIELDS : IMG2IMG_FIELDS)
    const request = new GenerationRequest(fields)
    checkGenerationRequest(request, deps.models)
    const plan = planGeneration(request, route === 'img2img', {
      models: deps.models,
      options: await readOptions(deps.store.documents, tenant),
      styles: await readStyles(deps.store.documents, tenant),
      random: deps.random,
    })
    const pictures = await readPictures(deps, tenant, plan)
    const record = await runToEnd(deps, c, { body, route, plan, pictures })
    return answerRecord(deps, plan, record)
  }
}

async function readPictures(
  deps: GatewayDeps,
  tenant: string,
  plan: GenerationPlan,
): Promise<StoredPictures> {
  const { request } = plan
  if (!plan.isImageToImage) return { sources: [] }
  if (request.value('init_images') === null) throw httpException(404, 'Init image not found')
  const mask = request.text('mask')
  const maskBytes = mask === null ? undefined : await decodePicture(mask)
  const values = request.list('init_images')
  if (values.length === 0)
    throw pythonException('RuntimeError', 'torch.cat(): expected a non-empty list of Tensors')
  if (values.length > plan.batchSize) {
    throw pythonException(
      'RuntimeError',
      `bad number of images passed: ${values.length}; expecting ${plan.batchSize} or less`,
    )
  }
  const sources = []
  for (const value of values)
    sources.push(await storePicture(deps.store.blobs, tenant, await decodePicture(value)))
  return { sources, ...(maskBytes ? { mask: await storePicture(deps.store.blobs, tenant, maskBytes) } : {}) }
}

interface Submission {
  readonly body: ExactObject
  readonly route: GenerationRoute
  readonly plan: GenerationPlan
  readonly pictures: StoredPictures
}

/** Submits a job, or attaches to the one an equal request with the same id made, and waits for its end. */
async function runToEnd(
  deps: GatewayDeps,
  c: Context<GatewayEnv>,
  submission: Submission,
): Promise<JobRecord> {
  const tenant = c.get('tenant')
  const id = deps.createId()
  const key = c.req.header('idempotency-key')
  const chosen = key ?? (submission.plan.request.text('force_task_id') || undefined)
  const publicId = chosen ?? createTaskId(submission.route, deps.random)
  const digest = createHash('sha256')
    .update(`${submission.route} ${formatExactJson(submission.body)}`)
    .digest('hex')
  if (key !== undefined) await refuseOtherBody(deps, { tenant, key, digest })
  const identity = {
    id,
    publicId,
    tenant,
    now: deps.now(),
    requestDigest: chosen === undefined ? `${digest}-${id}` : digest,
  }
  const { record } = await deps.dispatcher.submit(
    toJob(submission.plan, submission.pictures, deps.models, identity),
  )
  const jobId = record.job?.id ?? id
  const isCancelled = deps.config.ATELIER_CANCEL_ON_DISCONNECT
  const { signal } = c.req.raw
  try {
    return await deps.dispatcher.wait(tenant, jobId, isCancelled ? signal : undefined)
  } catch (error) {
    if (signal.aborted) await deps.dispatcher.cancel(tenant, jobId)
    throw error
  }
}

async function refuseOtherBody(
  deps: GatewayDeps,
  { tenant, key, digest }: { tenant: string; key: string; digest: string },
): Promise<void> {
  const earlier = await deps.store.jobs.find(tenant, Surface.SURFACE_SDAPI, key)
  if (earlier !== undefined && earlier.job?.requestDigest !== digest) {
    throw new AtelierError('conflict', `the Idempotency-Key ${key} was used with another body`)
  }
}

const TASK_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const TASK_LETTER_COUNT = 7

function createTaskId(route: GenerationRoute, random: () => number): string {
  const letters = Array.from(
    { length: TASK_LETTER_COUNT },
    () => TASK_LETTERS[Math.floor(random() * TASK_LETTERS.length)],
  )
  return `task(${route}-${letters.join('')})`
}

async function answerRecord(deps: GatewayDeps, plan: GenerationPlan, record: JobRecord): Promise<Response> {
  const { state, error, result } = record
  if (state === JobState.JOB_STATE_FAILED || state === JobState.JOB_STATE_PARKED) {
    throw pythonException(
      error?.exceptionType || 'RuntimeError',
      error?.code === 'internal' ? 'internal error' : (error?.message ?? ''),
    )
  }
  const images: string[] = []
  for (const { blob } of plan.request.value('send_images') === false ? [] : (result?.files ?? [])) {
    const bytes = blob && (await deps.store.blobs.read(blob))
    if (bytes === undefined) throw pythonException('FileNotFoundError', 'the picture is not stored any more')
    images.push(Buffer.from(bytes).toString('base64'))
  }
  return jsonAnswer(toGenerationResponse(plan, record, images))
}
