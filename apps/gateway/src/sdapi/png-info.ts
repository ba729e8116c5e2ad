import type { Context } from 'hono'
import { toExact, type ExactValue, type PlainValue } from '@atelier/catalog/exact-json'
import { WEBUI_SAMPLERS } from '@atelier/catalog'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { listInfotextUnits } from './control/infotext-units.ts'
import { jsonAnswer } from './errors.ts'
import { parseInfotext, type ParsedInfotext } from './infotext/parse-infotext.ts'
import { toInfotextReading } from './infotext/infotext-reading.ts'
import { readImageInfotext } from './infotext/read-image-infotext.ts'
import { readOptions } from './options/options-store.ts'
import { readBody } from './request/read-body.ts'
import { openPicture } from './request/read-picture.ts'
import { requireObject, validateFields } from './request/validate.ts'
import { readStyles } from './style-file.ts'

/** POST /sdapi/v1/png-info: what a picture says about how it was made. */
export function handlePngInfo(deps: GatewayDeps) {
  return async function pngInfo(c: Context<GatewayEnv>): Promise<Response> {
    const fields = validateFields(requireObject(await readBody(c)), [
      { name: 'image', type: 'text', isRequired: true, isNullable: false },
    ])
    // Its pixels are not looked at: a file that breaks off tells all the same.
    const { sent, size } = await openPicture(String(fields.get('image')).trim())
    const resolveSampler = (alias: string) =>
      WEBUI_SAMPLERS.find(({ aliases }) => aliases.includes(alias))?.name
    const { infotext, items } = readImageInfotext(sent, { ...size, resolveSampler })
    const tenant = c.get('tenant')
    const reading = toInfotextReading(
      await readOptions(deps.store.documents, tenant),
      await readStyles(deps.config),
    )
    return jsonAnswer(
      new Map<string, ExactValue>([
        ['info', infotext],
        ['items', new Map([...items].map(([key, value]) => [key, toExact(value)]))],
        ['parameters', toParameters(parseInfotext(infotext, reading))],
      ]),
    )
  }
}

function toParameters(parsed: ParsedInfotext): ExactValue {
  const own = [...parsed].map(([key, value]): [string, ExactValue] => [key, toExact(value as PlainValue)])
  return new Map([...own, ...listInfotextUnits(parsed)])
}
