import { toEmbeddingName } from '@atelier/catalog'
import { findEmbeddings, listEmbeddings } from '../embeddings.ts'
import { parseExtraNetworks } from '../extra-networks.ts'
import type { GenerationPlan } from '../generation-plan.ts'
import type { ModelIndex } from '../../models/model-index.ts'
import { optionFlag, optionText } from '../options/options-store.ts'
import type { Parameter } from './parameter.ts'

/** Digits of an embedding's hash. */
const HASH_DIGITS = 12

/** What the way prompts are read adds: embeddings by name and hash, and the emphasis mode where a prompt has brackets. */
export function listTextParameters(plan: GenerationPlan, models: ModelIndex): Parameter[] {
  const { options } = plan
  const texts = [parseExtraNetworks(plan.prompt).prompt, plan.negativePrompt]
  const mode = optionText(options, 'emphasis')
  const hasMode = mode !== 'Original' && mode !== '' && texts.some((text) => /[([]/.test(text))
  const hashes = listEmbeddingHashes(plan, models, texts)
  const namesHashes = hashes.length > 0 && optionFlag(options, 'textual_inversion_add_hashes_to_infotext')
  return [
    ...(namesHashes ? [{ key: 'TI hashes', value: hashes.join(', ') }] : []),
    ...(hasMode ? [{ key: 'Emphasis', value: mode }] : []),
  ]
}

/** Where a prompt is cut into parts that are encoded, and guided, by themselves. */
const PARTS = /\bAND\b/

/**
 * An embedding is told once for each text that is encoded with it: the negative prompt, and each part of the prompt
 * between ANDs, the last first. Files that have not been hashed yet are passed over.
 */
function listEmbeddingHashes(plan: GenerationPlan, models: ModelIndex, texts: readonly string[]): string[] {
  const { loaded } = listEmbeddings(models, plan.checkpoint)
  const [prompt = '', negative = ''] = texts
  return [...[...new Set(prompt.split(PARTS).map((part) => part.trimEnd()))].reverse(), negative]
    .flatMap((text) => findEmbeddings(loaded, text))
    .filter(({ sha256 }) => sha256 !== '')
    .map((file) => `${toEmbeddingName(file)}: ${file.sha256.slice(0, HASH_DIGITS)}`)
}
