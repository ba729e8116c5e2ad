import type { Context } from 'hono'
import { isExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { GatewayEnv } from '../deps.ts'
import { httpException, pythonException, type ApiError } from './errors.ts'
import { BUILT_IN_UPSCALERS } from './lists/upscalers.data.ts'
import {
  DETECT_FIELDS,
  EXTRAS_BATCH_FIELDS,
  EXTRAS_SINGLE_FIELDS,
  INTERROGATE_FIELDS,
} from './request/extras-fields.data.ts'
import { readBody } from './request/read-body.ts'
import { readPicture } from './request/read-picture.ts'
import { requireObject, validateFields, type CheckedFields } from './request/validate.ts'

type Handler = (c: Context<GatewayEnv>) => Promise<Response>

/** Models that interrogate knows. */
const INTERROGATORS = new Set(['clip', 'deepdanbooru'])

/**
 * Routes of the original that are not built: their requests are checked as the original's are, and what is right is
 * answered with an error that says so, in the body its clients know.
 */
export const NOT_BUILT_ROUTES: Readonly<Record<string, Handler>> = {
  '/sdapi/v1/extra-single-image': async (c) => {
    const fields = validateFields(requireObject(await readBody(c)), EXTRAS_SINGLE_FIELDS)
    await readPicture(fields.get('image') ?? '')
    checkUpscalers(fields)
    throw notBuilt('extra-single-image')
  },
  '/sdapi/v1/extra-batch-images': async (c) => {
    const fields = validateFields(requireObject(await readBody(c)), EXTRAS_BATCH_FIELDS)
    for (const item of listOf(fields.get('imageList'))) {
      await readPicture((isExactObject(item) ? item.get('data') : undefined) ?? '')
    }
    checkUpscalers(fields)
    throw notBuilt('extra-batch-images')
  },
  '/sdapi/v1/interrogate': async (c) => {
    const fields = validateFields(requireObject(await readBody(c)), INTERROGATE_FIELDS)
    await readPicture(fields.get('image') ?? '')
    if (!INTERROGATORS.has(String(fields.get('model')))) throw httpException(404, 'Model not found')
    throw notBuilt('interrogate')
  },
  '/controlnet/detect': async (c) => {
    const body = await readBody(c)
    validateFields(body === undefined ? new Map() : requireObject(body), DETECT_FIELDS)
    throw notBuilt('controlnet/detect')
  },
  ...Object.fromEntries(
    ['create/embedding', 'create/hypernetwork', 'train/embedding', 'train/hypernetwork'].map((name) => [
      `/sdapi/v1/${name}`,
      async (c: Context<GatewayEnv>) => {
        requireObject(await readBody(c))
        throw notBuilt(name)
      },
    ]),
  ),
}

function notBuilt(name: string): ApiError {
  return pythonException('NotImplementedError', `${name} is not supported by this server`)
}

function listOf(value: ExactValue | undefined): readonly ExactValue[] {
  return Array.isArray(value) ? value : []
}

function checkUpscalers(fields: CheckedFields): void {
  for (const field of ['upscaler_1', 'upscaler_2']) {
    const name = String(fields.get(field))
    if (!BUILT_IN_UPSCALERS.includes(name)) {
      throw pythonException('AssertionError', `could not find upscaler named ${name}`)
    }
  }
}
