import type { Context } from 'hono'
import sharp from 'sharp'
import { toExact, type ExactValue, type PlainValue } from '@atelier/catalog/exact-json'
import { WEBUI_SAMPLERS } from '@atelier/catalog'
import type { GatewayDeps, GatewayEnv } from '../deps.ts'
import { jsonAnswer } from './errors.ts'
import { parseInfotext, type InfotextReading } from './infotext/parse-infotext.ts'
import { readImageInfotext } from './infotext/read-image-infotext.ts'
import { optionFlag, optionText, readOptions, type Options } from './options/options-store.ts'
import { readBody } from './request/read-body.ts'
import { decodePicture } from './request/read-picture.ts'
import { requireObject, validateFields } from './request/validate.ts'
import { readStyles } from './style-store.ts'
import type { PromptStyle } from './styles.ts'

/** POST /sdapi/v1/png-info: what a picture says about how it was made. */
export function handlePngInfo(deps: GatewayDeps) {
  return async function pngInfo(c: Context<GatewayEnv>): Promise<Response> {
    const fields = validateFields(requireObject(await readBody(c)), [
      { name: 'image', type: 'text', isRequired: true, isNullable: false },
    ])
    const bytes = await decodePicture(String(fields.get('image')).trim())
    const { width, height } = await sharp(bytes).metadata()
    const resolveSampler = (alias: string) =>
      WEBUI_SAMPLERS.find(({ aliases }) => aliases.includes(alias))?.name
    const { infotext, items } = readImageInfotext(bytes, { width, height, resolveSampler })
    const tenant = c.get('tenant')
    const reading = toReading(
      await readOptions(deps.store.documents, tenant),
      await readStyles(deps.store.documents, tenant),
    )
    return jsonAnswer(
      new Map<string, ExactValue>([
        ['info', infotext],
        ['items', new Map([...items].map(([key, value]) => [key, toExact(value)]))],
        [
          'parameters',
          new Map(
            [...parseInfotext(infotext, reading)].map(([key, value]) => [key, toExact(value as PlainValue)]),
          ),
        ],
      ]),
    )
  }
}

/** How a tenant's options want infotexts read. */
function toReading(options: Options, styles: readonly PromptStyle[]): InfotextReading {
  const skipped = options.get('infotext_skip_pasting')
  return {
    styleMode: optionText(options, 'infotext_styles') as InfotextReading['styleMode'],
    styles,
    skippedKeys: Array.isArray(skipped) ? skipped.map(String) : [],
    usesOldHiresSize: optionFlag(options, 'use_old_hires_fix_width_height'),
    addsBackwardCompatibility: optionFlag(options, 'auto_backcompat'),
  }
}
