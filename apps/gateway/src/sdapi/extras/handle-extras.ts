import type { Context } from 'hono'
import { isExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { GatewayDeps, GatewayEnv } from '../../deps.ts'
import { refuseFailed } from '../answer/answer-record.ts'
import { readImages } from '../job-files.ts'
import { jsonAnswer, pythonException } from '../errors.ts'
import { findUpscaler } from '../lists/upscalers.ts'
import { readOptions } from '../options/options-store.ts'
import { EXTRAS_BATCH_FIELDS, EXTRAS_SINGLE_FIELDS } from '../request/extras-fields.data.ts'
import { readBody } from '../request/read-body.ts'
import { readPicture, storePicture, type RequestPicture } from '../request/read-picture.ts'
import { requireObject, validateFields, type CheckedFields } from '../request/validate.ts'
import { answerWithEnd } from '../answer/answer-with-end.ts'
import { describeExtras, listUpscalerNames } from './describe-extras.ts'
import { formatExtrasNote, toExtrasBody, type ExtrasNote } from './extras-body.ts'
import { toExtrasJob } from './to-extras-job.ts'

/** Which of the two extras routes. */
export type ExtrasRoute = 'extra-single-image' | 'extra-batch-images'

/** POST /sdapi/v1/extra-single-image and extra-batch-images: pictures made larger. */
export function handleExtras(deps: GatewayDeps, route: ExtrasRoute) {
  const isBatch = route === 'extra-batch-images'
  return async function extras(c: Context<GatewayEnv>): Promise<Response> {
    const body = requireObject(await readBody(c))
    const fields = validateFields(body, isBatch ? EXTRAS_BATCH_FIELDS : EXTRAS_SINGLE_FIELDS)
    const pictures: RequestPicture[] = []
    for (const value of listPictures(fields, isBatch)) pictures.push(await readPicture(value))
    if (pictures.length > 0) checkUpscalers(deps, fields)
    if (pictures.length === 0) return jsonAnswer(toExtrasBody({ html: toHtml(''), isBatch }, []))
    const note = { html: toHtml(describeExtras(fields)), isBatch }
    return enlarge(deps, c, { route, body, fields, pictures, note })
  }
}

function listPictures(fields: CheckedFields, isBatch: boolean): ExactValue[] {
  if (!isBatch) return [fields.get('image') ?? '']
  const items = fields.get('imageList')
  return Array.isArray(items)
    ? items.map((item) => (isExactObject(item) ? (item.get('data') ?? '') : ''))
    : []
}

function checkUpscalers({ models }: GatewayDeps, fields: CheckedFields): void {
  for (const name of listUpscalerNames(fields)) {
    if (findUpscaler(models, name) === undefined)
      throw pythonException('AssertionError', `could not find upscaler named ${name}`)
  }
}

interface ExtrasRequest {
  readonly route: ExtrasRoute
  readonly body: Parameters<typeof answerWithEnd>[2]['body']
  readonly fields: CheckedFields
  readonly pictures: readonly RequestPicture[]
  readonly note: ExtrasNote
}

async function enlarge(
  deps: GatewayDeps,
  c: Context<GatewayEnv>,
  { route, body, fields, pictures, note }: ExtrasRequest,
): Promise<Response> {
  const tenant = c.get('tenant')
  const options = await readOptions(deps.store.documents, tenant)
  const store = async (picture: RequestPicture) => ({
    picture,
    blob: await storePicture(deps.store.blobs, tenant, picture),
  })
  return answerWithEnd(deps, c, {
    ...{ route, body, taskId: '' },
    createJob: async (identity) => {
      const stored = await Promise.all(pictures.map(store))
      const job = toExtrasJob(fields, stored, { models: deps.models, options }, identity)
      return { ...job, surfaceNote: formatExtrasNote(note) }
    },
    onAdmission: async () => undefined,
    async answer(record) {
      refuseFailed(record)
      const images = await readImages(deps, record)
      return jsonAnswer(
        toExtrasBody(
          note,
          images.map((bytes) => Buffer.from(bytes).toString('base64')),
        ),
      )
    },
  })
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#x27;' },
}

function toHtml(text: string): string {
  const escaped = text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
  return `<p>${escaped.replaceAll('\n', '<br>\n')}</p>`
}
