import { toPlain } from '@atelier/catalog/exact-json'
import type { FieldDefinition, FieldType } from '../sdapi/request/field.ts'
import { IMG2IMG_FIELDS, TXT2IMG_FIELDS } from '../sdapi/request/generation-fields.data.ts'
import { LISTS } from '../sdapi/lists/lists.ts'

const SCHEMAS: Readonly<Record<FieldType, object>> = {
  integer: { type: 'integer' },
  float: { type: 'number' },
  text: { type: 'string' },
  boolean: { type: 'boolean' },
  texts: { type: 'array', items: { type: 'string' } },
  list: { type: 'array', items: {} },
  record: { type: 'object' },
}

/** The OpenAPI document of both surfaces. Bodies of ComfyUI's routes are node graphs, described in words only. */
export function createOpenApi(): object {
  const get = (summary: string) => ({
    get: { summary, responses: { 200: { description: 'Successful Response' } } },
  })
  const post = (summary: string, schema: object = { type: 'object' }) => ({
    post: {
      summary,
      requestBody: { content: { 'application/json': { schema } } },
      responses: { 200: { description: 'Successful Response' }, 422: { description: 'Validation Error' } },
    },
  })
  const lists = Object.keys(LISTS).map((name) => [`/sdapi/v1/${name}`, get(`List of ${name}`)])
  return {
    openapi: '3.0.2',
    info: { title: 'Atelier', version: '0.1.0' },
    paths: {
      '/sdapi/v1/txt2img': post('Pictures from text', ref('StableDiffusionProcessingTxt2Img')),
      '/sdapi/v1/img2img': post('Pictures from pictures and text', ref('StableDiffusionProcessingImg2Img')),
      '/sdapi/v1/progress': get('Progress of the running job, with a live preview'),
      '/sdapi/v1/interrupt': post('Ends the running job with what it has'),
      '/sdapi/v1/skip': post('Ends the present pass of the running job'),
      '/sdapi/v1/options': { ...get('All options'), ...post('Changes options') },
      '/sdapi/v1/png-info': post('What a picture says about how it was made'),
      '/sdapi/v1/memory': get('Memory of the worker'),
      '/sdapi/v1/cmd-flags': get('Command-line flags'),
      ...Object.fromEntries(lists),
      '/prompt': { ...get('Queue length'), ...post('Submits a ComfyUI node graph') },
      '/queue': { ...get('Running and waiting graphs'), ...post('Clears or deletes waiting graphs') },
      '/history': { ...get('Ended graphs'), ...post('Forgets ended graphs') },
      '/object_info': get('Node classes'),
      '/view': get('A stored picture'),
      '/upload/image': post('Stores an input picture'),
      '/system_stats': get('System and devices'),
      '/interrupt': post('Stops running graphs'),
    },
    components: {
      schemas: {
        StableDiffusionProcessingTxt2Img: toSchema(TXT2IMG_FIELDS),
        StableDiffusionProcessingImg2Img: toSchema(IMG2IMG_FIELDS),
      },
    },
  }
}

function ref(name: string): object {
  return { $ref: `#/components/schemas/${name}` }
}

function toSchema(fields: readonly FieldDefinition[]): object {
  const properties = fields.map(({ name, type, default: value }) => [
    name,
    { ...SCHEMAS[type], ...(value === undefined || value === null ? {} : { default: toPlain(value) }) },
  ])
  return { type: 'object', properties: Object.fromEntries(properties) as object }
}
