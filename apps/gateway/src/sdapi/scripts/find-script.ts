import type { ExactValue } from '@atelier/catalog/exact-json'
import { pythonException } from '../errors.ts'
import { listScriptDefaults } from '../lists/script-info.ts'
import { SELECTABLE_SCRIPTS } from '../lists/scripts.data.ts'
import type { GenerationRequest } from '../request/generation-request.ts'
import { IMG2IMG_ALTERNATIVE } from './img2img-alternative.ts'
import { LOOPBACK } from './loopback.ts'
import { OUTPAINTING_MK2 } from './outpainting-mk2.ts'
import { PLOT } from './plot/plan-plot.ts'
import { POOR_MANS_OUTPAINTING } from './poor-mans-outpainting.ts'
import { PROMPT_MATRIX } from './prompt-matrix.ts'
import { PROMPTS_FROM_FILE } from './prompts-from-file.ts'
import type { Script } from './script.ts'
import { SD_UPSCALE } from './sd-upscale.ts'

/** The selectable scripts that are there, by title. */
const SCRIPTS: ReadonlyMap<string, Script> = new Map(
  [
    ...[PROMPT_MATRIX, PROMPTS_FROM_FILE, PLOT, LOOPBACK],
    ...[IMG2IMG_ALTERNATIVE, OUTPAINTING_MK2, POOR_MANS_OUTPAINTING, SD_UPSCALE],
  ].map((script) => [script.title, script]),
)

/** A script a request asks for, with its arguments. */
export interface ChosenScript {
  readonly script: Script
  readonly args: readonly ExactValue[]
}

/**
 * The script a request asks for; undefined: none. Its title has been checked.
 * @throws ApiError for one that is not built, and for too few arguments
 */
export function chooseScript(request: GenerationRequest, isImageToImage: boolean): ChosenScript | undefined {
  const title = (request.text('script_name') ?? '').toLowerCase()
  if (title === '') return undefined
  const script = SCRIPTS.get(title)
  if (script === undefined)
    throw pythonException('NotImplementedError', `the script ${title} is not supported by this server`)
  const given = request.list('script_args')
  return { script, args: takeArguments(script, script.fromEarlier?.(given) ?? given, isImageToImage) }
}

/**
 * A request's arguments take the place of all of the script's in the row of all scripts' arguments, as A1111 keeps them:
 * where there are too few, those of the scripts behind it move up.
 */
function takeArguments(
  { title, args }: Script,
  given: readonly ExactValue[],
  isImageToImage: boolean,
): ExactValue[] {
  const titles = [...SELECTABLE_SCRIPTS[isImageToImage ? 'img2img' : 'txt2img']]
  const behind = titles.slice(titles.indexOf(title) + 1)
  const row = [...given, ...behind.flatMap((other) => listScriptDefaults(other, isImageToImage))]
  const missing = args.slice(row.length)
  if (missing.length > 0) {
    const names = missing.map((name) => `'${name}'`).join(', ')
    const text = `Script.run() missing ${missing.length} required positional arguments: ${names}`
    throw pythonException('TypeError', text)
  }
  return row.slice(0, args.length)
}
