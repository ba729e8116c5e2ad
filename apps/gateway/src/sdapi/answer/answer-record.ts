import { JobState, type JobError, type JobRecord } from '@atelier/proto'
import type { ExactObject } from '@atelier/catalog/exact-json'
import type { GatewayDeps } from '../../deps.ts'
import { countMaps } from '../control/count-maps.ts'
import { ApiError, jsonAnswer, pythonException } from '../errors.ts'
import { readImages } from '../job-files.ts'
import { encodeGrid, makeGridOf } from './make-grid.ts'
import { readInfotexts } from './made-infotexts.ts'
import { listNotActedOn } from '../not-acted-on.ts'
import { optionFlag, overrideOptions, readOptions, type Options } from '../options/options-store.ts'
import type { GenerationRequest } from '../request/generation-request.ts'
import type { FinishedPictures } from '../saved/save-results.ts'
import { toGenerationResponse } from './to-response.ts'

/** Tells what of a request had no effect; absent when everything had. */
const NOT_ACTED_ON_HEADER = 'x-atelier-not-acted-on'

/** Keeps the pictures of a job that has ended, before they are answered. */
export type SavePictures = (finished: FinishedPictures) => Promise<void>

/**
 * Answers with what a job made; an interrupted one with what it had.
 * @throws ApiError with the job's error when it failed
 */
export async function answerRecord(
  deps: GatewayDeps,
  request: GenerationRequest,
  record: JobRecord,
  save: SavePictures,
): Promise<Response> {
  const { body, ignored } = await writeAnswer(deps, request, record, save)
  return jsonAnswer(body, 200, ignored.length === 0 ? {} : { [NOT_ACTED_ON_HEADER]: ignored.join(', ') })
}

/**
 * The body of that answer, and what of the request had no effect.
 * @throws ApiError with the job's error when it failed
 */
export async function writeAnswer(
  deps: GatewayDeps,
  request: GenerationRequest,
  record: JobRecord,
  save: SavePictures,
): Promise<{ body: ExactObject; ignored: readonly string[] }> {
  const generation = record.job?.kind?.$case === 'generation' ? record.job.kind.value : undefined
  if (generation === undefined) throw pythonException('RuntimeError', 'the job is no generation job')
  refuseFailed(record)
  const options = await readAnswerOptions(deps, request, record)
  const all = await readImages(deps, record)
  const made = all.slice(0, all.length - countMaps(generation))
  const hasGrid = wantsGrid(request, options, made.length)
  const [infotext = ''] = readInfotexts(record)
  const grid = hasGrid && made.length > 0 ? await makeGridOf(made, { job: generation, options }) : undefined
  await save({ record, images: made, grid })
  const isShown = grid !== undefined && optionFlag(options, 'return_grid')
  const images = isShown ? [await encodeGrid(grid, { job: generation, infotext, options }), ...all] : all
  const ignored = listNotActedOn(request, generation)
  if (ignored.length > 0)
    deps.logger.warn({ ignored, jobId: record.job?.id }, 'parts of a request had no effect')
  const isSent = request.value('send_images') !== false
  const body = toGenerationResponse({
    ...{ request, record, hasGrid: isShown },
    images: isSent ? images.map((bytes) => Buffer.from(bytes).toString('base64')) : [],
  })
  return { body, ignored }
}

/** The options an answer is put together by: the tenant's with the request's on top. */
async function readAnswerOptions(
  deps: Pick<GatewayDeps, 'store'>,
  request: GenerationRequest,
  { job }: JobRecord,
): Promise<Options> {
  const own = await readOptions(deps.store.documents, job?.tenant ?? '')
  return overrideOptions(own, request.record('override_settings'))
}

const UNFINISHED: Partial<Record<JobState, string>> = {
  [JobState.JOB_STATE_EXPIRED]: 'the job waited too long and was given up',
  [JobState.JOB_STATE_REJECTED]: 'there was no room for the job; try again later',
}

/** @throws ApiError with the job's error where it failed */
export function refuseFailed({ state, error }: JobRecord): void {
  if (state === JobState.JOB_STATE_FAILED || state === JobState.JOB_STATE_PARKED) throw toApiError(error)
  const reason = UNFINISHED[state]
  if (reason !== undefined) throw new ApiError({ kind: 'http', status: 503, detail: reason })
}

/** Error classes of Python for codes whose errors name none. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'not-a-number': 'NansException',
  'out-of-memory': 'OutOfMemoryError',
  'invalid-request': 'ValueError',
  'not-found': 'FileNotFoundError',
}

function toApiError(error: JobError | undefined): ApiError {
  const exception = error?.exceptionType || EXCEPTIONS[error?.code ?? ''] || 'RuntimeError'
  const isInternal = error === undefined || error.code === 'internal'
  return pythonException(exception, isInternal ? 'internal error' : error.message)
}

/** A grid comes with saved pictures only, and with one picture only where the options want that. */
function wantsGrid(request: GenerationRequest, options: Options, count: number): boolean {
  const isWanted = optionFlag(options, 'return_grid') || optionFlag(options, 'grid_save')
  const isWorthIt = count > 1 || (count === 1 && !optionFlag(options, 'grid_only_if_multiple'))
  return request.flag('save_images') && isWanted && isWorthIt
}
