import type { HypernetworkRef } from '@atelier/proto'
import { toPythonString } from '@atelier/catalog/exact-json'
import { toModelRef, type ModelIndex } from '../../models/model-index.ts'
import { parseExtraNetworks } from './extra-networks.ts'
import { listHypernetworks, toHypernetworkName } from '../lists/hypernetworks.ts'
import { optionText, type Options } from '../options/options-store.ts'
import type { LoraSources } from './to-loras.ts'

/**
 * Hypernetworks that a prompt's tags name (`<hypernet:name:strength>`) and a worker has, in order; others are passed over,
 * as A1111 does. A strength that is no number leaves the job without any.
 */
export function toHypernetworks({ prompt, request }: LoraSources, models: ModelIndex): HypernetworkRef[] {
  if (request.flag('disable_extra_networks')) return []
  const files = listHypernetworks(models)
  const found = listTags(prompt).map(({ positional: [name, strength = '1'] }) => ({
    file: files.find((one) => toHypernetworkName(one) === name),
    strength: strength.trim() === '' ? NaN : Number(strength),
  }))
  if (found.some(({ strength }) => Number.isNaN(strength))) return []
  return found.flatMap(({ file, strength }) =>
    file === undefined ? [] : [{ file: toModelRef(file), strength }],
  )
}

function listTags(prompt: string) {
  return parseExtraNetworks(prompt).tags.filter(({ kind }) => kind === 'hypernet')
}

/** A prompt with the hypernetwork of the option `sd_hypernetwork` behind it, unless its tags name that one (A1111). */
export function withOptionHypernetwork(
  { prompt, request }: LoraSources,
  options: Options,
  models: ModelIndex,
): string {
  const name = optionText(options, 'sd_hypernetwork')
  const isThere = listHypernetworks(models).some((file) => toHypernetworkName(file) === name)
  if (!isThere || name === 'None' || request.flag('disable_extra_networks')) return prompt
  if (listTags(prompt).some(({ items }) => items[0] === name)) return prompt
  return `${prompt}<hypernet:${name}:${toPythonString(options.get('extra_networks_default_multiplier') ?? 1)}>`
}
