import { toPlain, type ExactValue } from '@atelier/catalog/exact-json'
import { COMMAND_FLAGS } from '../sdapi/lists/cmd-flags.data.ts'
import { OPTION_DEFAULTS } from '../sdapi/options/options.data.ts'
import { TASK_PROGRESS_FIELDS } from '../sdapi/progress/handle-task-progress.ts'
import {
  DETECT_FIELDS,
  EXTRAS_BATCH_FIELDS,
  EXTRAS_SINGLE_FIELDS,
  INTERROGATE_FIELDS,
} from '../sdapi/request/extras-fields.data.ts'
import type { FieldDefinition, FieldType } from '../sdapi/request/field.ts'
import { IMG2IMG_FIELDS, TXT2IMG_FIELDS } from '../sdapi/request/generation-fields.data.ts'
import { refTo, toRecordSchema, toTitle, toTypeSchema, type Schema } from './schema.ts'
import { WEBUI_OPERATIONS, type OperationRow } from './webui-operations.data.ts'
import { FIELD_TITLES, PROGRESS_RECORDS, WEBUI_RECORDS } from './webui-schemas.data.ts'

/** Short type names of request fields' types. */
const FIELD_TYPES: Readonly<Record<FieldType, string>> = {
  integer: 'integer',
  float: 'number',
  text: 'string',
  boolean: 'boolean',
  texts: 'strings',
  floats: 'numbers',
  list: 'list',
  record: 'object',
}
/** Requests by schema name, described by the fields they are checked with. */
const REQUESTS: Readonly<Record<string, readonly FieldDefinition[]>> = {
  StableDiffusionProcessingTxt2Img: TXT2IMG_FIELDS,
  StableDiffusionProcessingImg2Img: IMG2IMG_FIELDS,
  ExtrasSingleImageRequest: EXTRAS_SINGLE_FIELDS,
  ExtrasBatchImagesRequest: EXTRAS_BATCH_FIELDS,
  InterrogateRequest: INTERROGATE_FIELDS,
  ProgressRequest: TASK_PROGRESS_FIELDS,
  Body_detect_controlnet_detect_post: DETECT_FIELDS,
}

/** The WebUI API's schemas by name. */
export function describeWebuiSchemas(): Record<string, Schema> {
  const records = Object.entries(WEBUI_RECORDS).map(([name, rows]) => [name, toRecordSchema(name, rows)])
  const progress = Object.entries(PROGRESS_RECORDS).map(([name, rows]) => [
    name,
    toRecordSchema('ProgressResponse', rows),
  ])
  const requests = Object.entries(REQUESTS).map(([name, fields]) => [name, toRequestSchema(name, fields)])
  const schemas = Object.fromEntries([...records, ...progress, ...requests]) as Record<string, Schema>
  return {
    ...schemas,
    ValidationError: VALIDATION_ERROR,
    Options: toDefaultsSchema('Options', OPTION_DEFAULTS),
    Flags: toDefaultsSchema('Flags', COMMAND_FLAGS),
  }
}

const VALIDATION_ERROR: Schema = {
  title: 'ValidationError',
  required: ['loc', 'msg', 'type'],
  type: 'object',
  properties: {
    loc: { title: 'Location', type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'integer' }] } },
    msg: { title: 'Message', type: 'string' },
    type: { title: 'Error Type', type: 'string' },
  },
}

function toRequestSchema(title: string, definitions: readonly FieldDefinition[]): Schema {
  const fields = definitions.filter(({ isAlias }) => isAlias !== true)
  const required = fields.filter(({ isRequired }) => isRequired === true).map(({ name }) => name)
  return {
    title,
    ...(required.length > 0 ? { required } : {}),
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.name, toFieldSchema(field)])),
  }
}

function toFieldSchema(field: FieldDefinition): Schema {
  const { name, type, default: fallback, permitted, atLeast, atMost, above, items } = field
  return {
    title: FIELD_TITLES[name] ?? toTitle(name),
    ...(permitted === undefined ? {} : { enum: permitted.map(toPlain) }),
    ...(atMost === undefined ? {} : { maximum: atMost }),
    ...(atLeast === undefined ? {} : { minimum: atLeast }),
    ...(above === undefined ? {} : { exclusiveMinimum: above }),
    ...(items === undefined ? toTypeSchema(FIELD_TYPES[type]) : toTypeSchema('[FileData]')),
    ...(fallback === undefined || fallback === null ? {} : { default: toPlain(fallback) }),
  }
}

/** Members are described by their defaults; for options a default that is no true value says nothing of the type. */
function toDefaultsSchema(title: 'Options' | 'Flags', defaults: ReadonlyMap<string, ExactValue>): Schema {
  const toType = title === 'Options' ? optionType : flagType
  const properties = [...defaults].map(([name, value]) => [
    name,
    {
      title: toTitle(name),
      ...toTypeSchema(toType(value)),
      ...(value === null ? {} : { default: toPlain(value) }),
    },
  ])
  return { title, type: 'object', properties: Object.fromEntries(properties) as Schema }
}

function optionType(value: ExactValue): string {
  if (typeof value === 'bigint' || typeof value === 'number') return Number(value) === 0 ? 'any' : 'number'
  if (Array.isArray(value)) return value.length === 0 ? 'any' : 'list'
  if (value === '' || value === false || value === null) return 'any'
  return typeof value === 'string' ? 'string' : 'boolean'
}

function flagType(value: ExactValue): string {
  if (typeof value === 'bigint') return 'integer'
  if (typeof value === 'number') return 'number'
  if (typeof value === 'boolean') return 'boolean'
  if (value === null || typeof value === 'string') return 'string'
  return Array.isArray(value) ? 'list' : 'object'
}

/** The WebUI API's paths. */
export function describeWebuiPaths(): Record<string, Schema> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of WEBUI_OPERATIONS) {
    const described = (paths[operation.path] ??= {})
    described[operation.method] = toOperation(operation)
  }
  return paths
}

function toOperation(operation: OperationRow): Schema {
  const { method, path, handler, summary, body, isBodyOptional = false, answer, query } = operation
  const operationId = `${handler}${path.replace(/\W/g, '_')}_${method}`
  const isChecked = body !== undefined || query !== undefined
  return {
    summary,
    operationId,
    ...(query === undefined ? {} : { parameters: [toParameter(query)] }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            content: { 'application/json': { schema: toBodySchema(body) } },
            ...(isBodyOptional ? {} : { required: true }),
          },
        }),
    responses: {
      200: toResponse('Successful Response', toAnswerSchema(answer, operationId)),
      ...(isChecked ? { 422: toResponse('Validation Error', refTo('HTTPValidationError')) } : {}),
    },
  }
}

function toParameter([name, fallback]: readonly [string, boolean]): Schema {
  return {
    required: false,
    schema: { title: toTitle(name), type: 'boolean', default: fallback },
    name,
    in: 'query',
  }
}

function toBodySchema(body: string): Schema {
  if (body === 'Req' || body === 'Args') return { title: body, type: 'object' }
  if (body.startsWith('[')) return { title: 'Pose json files to render.', ...toTypeSchema(body), default: [] }
  return refTo(body)
}

function toAnswerSchema(answer: string | undefined, operationId: string): Schema {
  if (answer === undefined) return {}
  const schema = toTypeSchema(answer)
  return answer.startsWith('[') || answer === 'object'
    ? { title: `Response ${toTitle(operationId)}`, ...schema }
    : schema
}

function toResponse(description: string, schema: Schema): Schema {
  return { description, content: { 'application/json': { schema } } }
}
