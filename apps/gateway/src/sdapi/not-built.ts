import type { Context } from 'hono'
import type { GatewayEnv } from '../deps.ts'
import { toExact } from '@atelier/catalog/exact-json'
import { httpException, jsonAnswer, pythonException, type ApiError } from './errors.ts'
import { findArgumentFault, TRAINING_ARGUMENTS } from './training-arguments.ts'
import { INTERROGATE_FIELDS } from './request/extras-fields.data.ts'
import { readBody } from './request/read-body.ts'
import { readPicture } from './request/read-picture.ts'
import { requireObject, validateFields } from './request/validate.ts'

type Handler = (c: Context<GatewayEnv>) => Promise<Response>

/** Models that interrogate knows. */
const INTERROGATORS = new Set(['clip', 'deepdanbooru'])

/** The original's caption where its model cannot be loaded. */
const NO_CAPTION = '<error>'

/**
 * Routes of the original that are not built: their requests are checked as the original's are, and what is right is
 * answered with an error that says so, in the body its clients know.
 */
export const NOT_BUILT_ROUTES: Readonly<Record<string, Handler>> = {
  '/sdapi/v1/interrogate': async (c) => {
    const fields = validateFields(requireObject(await readBody(c)), INTERROGATE_FIELDS)
    await readPicture(fields.get('image') ?? '')
    const model = String(fields.get('model'))
    if (!INTERROGATORS.has(model)) throw httpException(404, 'Model not found')
    if (model !== 'clip') throw notBuilt(model)
    return jsonAnswer(toExact({ caption: NO_CAPTION }))
  },
  ...Object.fromEntries(
    Object.entries(TRAINING_ARGUMENTS).map(([name, signature]) => [
      `/sdapi/v1/${name}`,
      async (c: Context<GatewayEnv>) => {
        const fault = findArgumentFault([...requireObject(await readBody(c)).keys()], signature)
        if (fault === undefined) throw notBuilt(name)
        if (name.startsWith('create/')) throw pythonException('TypeError', fault)
        // Training answers with what it ended with, whatever that is.
        return jsonAnswer(toExact({ info: `train embedding complete: filename:  error: ${fault}` }))
      },
    ]),
  ),
}

function notBuilt(name: string): ApiError {
  return pythonException('NotImplementedError', `${name} is not supported by this server`)
}
