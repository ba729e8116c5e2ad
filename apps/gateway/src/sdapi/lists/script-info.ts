import { isExactObject, parseExactJson, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { ModelIndex } from '../../models/model-index.ts'
import { listCheckpoints, toTitle } from '../generation/resolve-checkpoint.ts'
import { listAxisLabels } from '../scripts/plot/axes.ts'
import { EXTENSION_AXES } from '../scripts/plot/extension-axes.ts'
import { CONTROL_UNIT_JSON, SCRIPT_INFO_JSON } from './script-info.data.ts'
import { listUpscalers } from './upscalers.ts'

const ARGUMENT_KEYS = ['label', 'value', 'minimum', 'maximum', 'step', 'choices']

/** The answer of GET /sdapi/v1/script-info: each script's arguments with what they begin with and may be. */
export function listScriptInfo(models: ModelIndex): ExactObject[] {
  return readScripts().map((script) => {
    const isImageToImage = script.get('is_img2img') === true
    const args = (script.get('args') as ExactObject[]).map((argument) => {
      const fill = (value: ExactValue) => fillIn(value, models, isImageToImage)
      return new Map(ARGUMENT_KEYS.map((key) => [key, fill(argument.get(key) ?? null)]))
    })
    return new Map<string, ExactValue>([...script, ['args', args]])
  })
}

/** What a selectable script's arguments are when a request leaves them out, in their order. */
export function listScriptDefaults(title: string, isImageToImage: boolean): ExactValue[] {
  const script = readScripts().find(
    (one) => one.get('name') === title && one.get('is_img2img') === isImageToImage,
  )
  return ((script?.get('args') ?? []) as ExactObject[]).map((argument) => argument.get('value') ?? null)
}

function readScripts(): ExactObject[] {
  return (parseExactJson(SCRIPT_INFO_JSON) as ExactValue[]).filter(isExactObject)
}

function fillIn(value: ExactValue, models: ModelIndex, isImageToImage: boolean): ExactValue {
  switch (value) {
    case '$unit':
      return parseExactJson(CONTROL_UNIT_JSON)
    case '$axes':
      return [...listAxisLabels(isImageToImage), ...EXTENSION_AXES]
    case '$upscalers':
      return listUpscalers(models).map(({ name }) => name)
    case '$checkpoints':
      return listCheckpoints(models).map(toTitle)
    case '$html':
      return ''
    default:
      return value
  }
}
