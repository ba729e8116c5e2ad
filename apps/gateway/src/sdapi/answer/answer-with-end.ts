import { createHash } from 'node:crypto'
import type { Context } from 'hono'
import type { Job, JobRecord } from '@atelier/proto'
import { AtelierError, isAtelierError } from '@atelier/ledger'
import { formatExactJson, toExact, type ExactObject } from '@atelier/catalog/exact-json'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import { isEnded } from '../../dispatch/job-states.ts'
import { prefersAddress, toAddressHeaders } from '../../jobs/job-address.ts'
import { jsonAnswer } from '../errors.ts'
import type { JobIdentity } from '../generation/to-job.ts'

/** A job to be submitted. */
export interface Submission {
  readonly route: string
  readonly body: ExactObject
  /** The id the client chose; empty: none. */
  readonly taskId: string
  /** Writes the job under the ids it is given. */
  createJob(identity: JobIdentity): Promise<Job>
  /** Called when the job is stored. */
  onAdmission(): Promise<void>
  /** Answers with a job that has ended; throws an ApiError where it failed. */
  answer(record: JobRecord): Promise<Response>
}

/** Longest id a client may choose, characters. */
const MAX_PUBLIC_ID = 256

/**
 * Submits a job, or attaches to the one that an equal request with the same id made, and answers with its end; a client
 * that prefers so gets the job's address at once (202). With the setting for it, a client that leaves while it waits
 * cancels the job it made.
 * @throws AtelierError `conflict` when an Idempotency-Key comes again with another body; those of the dispatcher
 */
export async function answerWithEnd(
  deps: GatewayDeps,
  c: Context<GatewayEnv>,
  submission: Submission,
): Promise<Response> {
  const tenant = c.get('tenant')
  const key = c.req.header('idempotency-key')
  const identity = identify(deps, tenant, key, submission)
  const { kind, record } = await submit(deps, await submission.createJob(identity), key)
  await submission.onAdmission()
  if (isEnded(record.state)) return submission.answer(record)
  const jobId = record.job?.id ?? identity.id
  if (prefersAddress(c)) {
    answerLater(deps, { tenant, jobId }, submission)
    const publicId = record.job?.publicId ?? ''
    return jsonAnswer(toExact({ id: jobId, public_id: publicId }), 202, toAddressHeaders(jobId))
  }
  const { signal } = c.req.raw
  try {
    const isWatched = deps.config.ATELIER_CANCEL_ON_DISCONNECT
    return await submission.answer(await deps.dispatcher.wait(tenant, jobId, isWatched ? signal : undefined))
  } catch (error) {
    // A job that others made, and perhaps wait for, goes on.
    if (signal.aborted && kind === 'created') await deps.dispatcher.cancel(tenant, jobId)
    throw error
  }
}

/** Does what belongs to the end of a job (keeping its pictures) though nobody takes the answer. */
function answerLater(
  { dispatcher, logger }: GatewayDeps,
  { tenant, jobId }: { tenant: string; jobId: string },
  submission: Submission,
): void {
  dispatcher
    .wait(tenant, jobId)
    .then((record) => submission.answer(record))
    .catch((error: unknown) =>
      logger.debug({ err: error, jobId }, 'a job ended badly and nobody waited for it'),
    )
}

function identify(
  deps: GatewayDeps,
  tenant: string,
  key: string | undefined,
  { route, body, taskId }: Submission,
): JobIdentity {
  const id = deps.createId()
  const chosen = key ?? taskId
  if (chosen.length > MAX_PUBLIC_ID) {
    const text = `an id chosen by the client may have at most ${MAX_PUBLIC_ID} characters, got ${chosen.length}`
    throw new AtelierError('invalid-request', text)
  }
  const digest = createHash('sha256')
    .update(`${route} ${formatExactJson(body)}`)
    .digest('hex')
  return {
    ...{ id, tenant, now: deps.now() },
    publicId: chosen === '' ? createTaskId(route, deps.random) : chosen,
    requestDigest: chosen === '' ? `${digest}-${id}` : digest,
  }
}

/** Stores the job; an Idempotency-Key stands for one body. */
async function submit({ dispatcher }: GatewayDeps, job: Job, key: string | undefined) {
  try {
    return await dispatcher.submit(job, { keepsBody: key !== undefined })
  } catch (error) {
    if (key === undefined || !isAtelierError(error) || error.code !== 'conflict') throw error
    const text = `the Idempotency-Key ${key} was used with another body`
    throw new AtelierError('conflict', text, { cause: error })
  }
}

const TASK_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const TASK_LETTER_COUNT = 7

function createTaskId(route: string, random: () => number): string {
  const letters = Array.from(
    { length: TASK_LETTER_COUNT },
    () => TASK_LETTERS[Math.floor(random() * TASK_LETTERS.length)],
  )
  return `task(${route}-${letters.join('')})`
}
