import {
  forgetAnswerSchema,
  forgetRequestSchema,
  jobImagesSchema,
  jobListSchema,
  modelListSchema,
  sessionSchema,
  skipAnswerSchema,
  workerListSchema,
} from '@atelier/catalog/atelier-api'
import { z } from 'zod'
import { refTo, type Schema } from './schema.ts'

/** Bodies of the gateway's own routes by the names they have in the document. */
const BODIES = {
  AtelierJobList: jobListSchema,
  AtelierJobImages: jobImagesSchema,
  AtelierForgetRequest: forgetRequestSchema,
  AtelierForgetAnswer: forgetAnswerSchema,
  AtelierSkipAnswer: skipAnswerSchema,
  AtelierWorkerList: workerListSchema,
  AtelierModelList: modelListSchema,
  AtelierSession: sessionSchema,
} as const

type BodyName = keyof typeof BODIES

interface Operation {
  readonly summary: string
  readonly answer?: BodyName
  readonly body?: BodyName
  readonly parameters?: readonly Schema[]
  readonly status?: number
  /** Media type of what is answered, where that is no JSON. */
  readonly type?: string
}

const inPath = (name: string, type: string): Schema => ({
  name,
  in: 'path',
  required: true,
  schema: { type },
})
const inQuery = (name: string, schema: Schema, required = false): Schema => ({
  name,
  in: 'query',
  required,
  schema,
})
const ID = inPath('id', 'string')
const STATE = inQuery('state', { type: 'string', enum: ['open', 'ended'] }, true)
const LIMIT = inQuery('limit', { type: 'integer', minimum: 1, maximum: 500, default: 50 })
const SIZE = inQuery('size', { type: 'integer', minimum: 16, maximum: 1024 })

const OPERATIONS: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/atelier/v1/session': {
    get: { summary: 'Who asks, and what requests must carry', answer: 'AtelierSession' },
  },
  '/atelier/v1/workers': { get: { summary: 'The living workers', answer: 'AtelierWorkerList' } },
  '/atelier/v1/models': {
    get: { summary: 'Model files of every worker, unusable ones too', answer: 'AtelierModelList' },
  },
  '/atelier/v1/events': {
    get: {
      summary: 'Jobs as they fare, as server-sent events: jobs (those open, once), then job and progress',
      type: 'text/event-stream',
    },
  },
  '/atelier/v1/jobs': {
    get: {
      summary: 'Jobs that wait or run in the order of the queue, or those that ended last',
      parameters: [STATE, LIMIT],
      answer: 'AtelierJobList',
    },
  },
  '/atelier/v1/jobs/forget': {
    post: { summary: 'Forgets ended jobs', body: 'AtelierForgetRequest', answer: 'AtelierForgetAnswer' },
  },
  '/atelier/v1/jobs/{id}': {
    get: { summary: 'A job, with its result once there is one', parameters: [ID] },
    delete: { summary: 'Stops a job that waits or runs', parameters: [ID], status: 202 },
  },
  '/atelier/v1/jobs/{id}/skip': {
    post: {
      summary: 'Ends the present pass of a running job and goes on with the next',
      parameters: [ID],
      answer: 'AtelierSkipAnswer',
      status: 202,
    },
  },
  '/atelier/v1/jobs/{id}/images': {
    get: { summary: 'Pictures a job made, and how', parameters: [ID], answer: 'AtelierJobImages' },
  },
  '/atelier/v1/jobs/{id}/images/{index}': {
    get: {
      summary: 'A picture; with size a smaller one (WebP)',
      parameters: [ID, inPath('index', 'integer'), SIZE],
      type: 'image/*',
    },
  },
  '/atelier/v1/jobs/{id}/preview': {
    get: { summary: 'The newest preview of a running job; 204: none', parameters: [ID], type: 'image/*' },
  },
}

/** The gateway's own routes. */
export function describeOwnPaths(): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(OPERATIONS).map(([path, methods]) => [
      path,
      Object.fromEntries(Object.entries(methods).map(([method, one]) => [method, describeOperation(one)])),
    ]),
  )
}

/** The bodies of those routes by name. */
export function describeOwnSchemas(): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(BODIES).map(([name, schema]) => [
      name,
      z.toJSONSchema(schema, { target: 'openapi-3.0', io: 'input' }) as Schema,
    ]),
  )
}

function describeOperation({ summary, answer, body, parameters, status = 200, type }: Operation): Schema {
  const content = answer === undefined ? undefined : toContent(answer)
  const shown = type === undefined ? content : { [type]: { schema: { type: 'string' } } }
  return {
    tags: ['atelier'],
    summary,
    ...(parameters && { parameters }),
    ...(body && { requestBody: { required: true, content: toContent(body) } }),
    responses: { [status]: { description: 'Successful Response', ...(shown && { content: shown }) } },
  }
}

function toContent(name: BodyName): Schema {
  return { 'application/json': { schema: refTo(name) } }
}
