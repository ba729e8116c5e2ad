import type { LoraRef, ModelFile } from '@atelier/proto'
import { isExactObject, toPythonString, type ExactValue } from '@atelier/catalog/exact-json'
import { toModelRef, type ModelIndex } from '../../models/model-index.ts'
import { parseExtraNetworks, toLoraRequest, type LoraRequest } from './extra-networks.ts'
import { findLora, toLoraName } from '../lists/loras.ts'
import { optionText, type Options } from '../options/options-store.ts'
import type { GenerationRequest } from '../request/generation-request.ts'

/** A LoRA that is applied, under the name it was asked for by. */
export interface FoundLora extends LoraRequest {
  readonly file: ModelFile
}

/** Where LoRAs are asked for. */
export interface LoraSources {
  readonly prompt: string
  readonly request: GenerationRequest
}

/**
 * LoRAs that a prompt's tags and the arguments of the always-on script "LoRA" name and a worker has, in order; others are
 * passed over, as A1111 does with a note in its console. One named twice acts twice, with the strengths told last.
 */
export function findLoras({ prompt, request }: LoraSources, models: ModelIndex): FoundLora[] {
  if (request.flag('disable_extra_networks')) return []
  const wanted = [...readTags(prompt), ...readArguments(request)]
  const last = new Map(wanted.map((one) => [one.name, one]))
  return wanted.flatMap(({ name }) => {
    const file = findLora(models, name)
    return file === undefined ? [] : [{ ...last.get(name)!, file }]
  })
}

/** The same as jobs have them. */
export function toLoras(sources: LoraSources, models: ModelIndex): LoraRef[] {
  return findLoras(sources, models).map(({ file, denoiserStrength, textStrength, rankLimit }) => ({
    file: toModelRef(file),
    ...{ denoiserStrength, textStrength, rankLimit },
  }))
}

function readTags(prompt: string): LoraRequest[] {
  try {
    return parseExtraNetworks(prompt).tags.flatMap((tag) => toLoraRequest(tag) ?? [])
  } catch (error) {
    // A strength that is no number leaves the job without networks.
    if (error instanceof RangeError) return []
    throw error
  }
}

/** Arguments of the script: `{"lora_name": file or alias, "weight": 1}` each. */
function readArguments(request: GenerationRequest): LoraRequest[] {
  const settings = [...request.record('alwayson_scripts')].find(
    ([name]) => name.toLowerCase() === 'lora',
  )?.[1]
  const args = isExactObject(settings) ? settings.get('args') : undefined
  return Array.isArray(args) ? args.flatMap((argument) => readArgument(argument) ?? []) : []
}

function readArgument(argument: ExactValue): LoraRequest | undefined {
  if (!isExactObject(argument)) return undefined
  const name = argument.get('lora_name')
  const strength = Number(argument.get('weight') ?? 1)
  if (typeof name !== 'string' || Number.isNaN(strength)) return undefined
  const stem = name.replace(/^.*[/\\]/, '').replace(/\.(safetensors|pt|ckpt)$/i, '')
  return { name: stem, textStrength: strength, denoiserStrength: strength }
}

/** A prompt with the LoRA of the option `sd_lora` behind it, unless its tags name that one (A1111). */
export function withOptionLora(
  { prompt, request }: LoraSources,
  options: Options,
  models: ModelIndex,
): string {
  const name = optionText(options, 'sd_lora')
  const file = name === 'None' || name === '' ? undefined : findLora(models, name)
  if (file === undefined || toLoraName(file) !== name || request.flag('disable_extra_networks')) return prompt
  const isNamed = parseExtraNetworks(prompt).tags.some(
    ({ kind, items }) => (kind === 'lora' || kind === 'lyco') && items[0] === name,
  )
  const strength = toPythonString(options.get('extra_networks_default_multiplier') ?? 1)
  return isNamed ? prompt : `${prompt}<lora:${name}:${strength}>`
}
