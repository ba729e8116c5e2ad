import { formatExactJson, isExactObject, parseExactJson } from '@atelier/catalog/exact-json'
import type { PngText } from '@atelier/catalog/png'

/**
 * The PNG texts of a picture saved by ComfyUI: the prompt, then one for each entry of `extra_pnginfo`, as Python
 * writes JSON. `graphJson` is the prompt as submitted, `extraDataJson` the request's extra_data (empty or "null":
 * none).
 * @throws SyntaxError for text that is not JSON
 */
export function toComfyTexts(graphJson: string, extraDataJson: string): PngText[] {
  const extraData = extraDataJson === '' ? null : parseExactJson(extraDataJson)
  const extraInfo = isExactObject(extraData) ? extraData.get('extra_pnginfo') : undefined
  const entries = isExactObject(extraInfo) ? [...extraInfo] : []
  return [
    { keyword: 'prompt', text: formatExactJson(parseExactJson(graphJson)) },
    ...entries.map(([keyword, value]) => ({ keyword, text: formatExactJson(value) })),
  ]
}
