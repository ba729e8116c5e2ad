import { toEmbeddingName } from '@atelier/catalog'
import { findEmbeddings, listEmbeddings } from '../lists/embeddings.ts'
import { parseExtraNetworks } from '../generation/extra-networks.ts'
import type { GenerationPlan } from '../generation/generation-plan.ts'
import type { ModelIndex } from '../../models/model-index.ts'
import { optionFlag, optionText } from '../options/options-store.ts'
import type { Parameter } from './parameter.ts'
import { refinerName } from './refiner-parameters.ts'

/** Digits of an embedding's hash. */
const HASH_DIGITS = 12

/** What the way prompts are read adds: the emphasis mode where a prompt has brackets. */
export function listEmphasis(plan: GenerationPlan): Parameter[] {
  const { options, prompt, negativePrompt } = plan
  if (readsWeightsFromTokens(plan)) return []
  const texts = [parseExtraNetworks(prompt).prompt, negativePrompt]
  const mode = optionText(options, 'emphasis')
  const hasMode = mode !== 'Original' && mode !== '' && texts.some((text) => /[([]/.test(text))
  return hasMode ? [{ key: 'Emphasis', value: mode }] : []
}

/** The old way of reading prompts, which SD1 alone has, tells nothing of them. */
function readsWeightsFromTokens({ options, checkpoint }: GenerationPlan): boolean {
  return checkpoint.family === 'sd1' && optionFlag(options, 'use_old_emphasis_implementation')
}

/**
 * Embeddings by name and hash, told once for each time a text was encoded with them, the newest first: a second pass and
 * a refiner encode anew, which the pictures after them tell (A1111 adds to one list).
 */
export function listEmbeddingHashes(plan: GenerationPlan, models: ModelIndex): Parameter[] {
  const isTold = optionFlag(plan.options, 'textual_inversion_add_hashes_to_infotext')
  if (!isTold || readsWeightsFromTokens(plan)) return []
  const iterations = Math.ceil(plan.seeds.length / plan.batchSize)
  const told = listRounds(plan, iterations, {
    first: hashesOf(plan, models, plan.prompt, plan.negativePrompt),
    second: hashesOf(plan, models, plan.hiresPrompt, plan.hiresNegativePrompt),
  }).map((hashes) => (hashes.length === 0 ? null : hashes.join(', ')))
  const value = told.at(-1) ?? null
  if (value === null) return []
  const texts = plan.seeds.map((_, index) => told[Math.floor(index / plan.batchSize)] ?? null)
  return [{ key: 'TI hashes', value, texts }]
}

interface Encoded {
  /** Hashes that encoding the prompts of each pass tells. */
  readonly first: readonly string[]
  readonly second: readonly string[]
}

/** What has been told when the pictures of each iteration are, the newest first. */
function listRounds(
  plan: GenerationPlan,
  iterations: number,
  { first, second }: Encoded,
): (readonly string[])[] {
  const { options, request, isImageToImage } = plan
  const hasSecond = !isImageToImage && request.flag('enable_hr')
  const isRefined = refinerName(plan) !== undefined
  const passes = optionText(options, 'hires_fix_refiner_pass')
  const refinesFirst = isRefined && (!hasSecond || passes === 'first pass' || passes === 'both passes')
  const refinesSecond = isRefined && hasSecond && passes !== 'first pass'
  const told: (readonly string[])[] = []
  // The option encodes the second pass's prompts with the first one's.
  const encodesEarly = hasSecond && optionFlag(options, 'hires_fix_use_firstpass_conds')
  let rounds = encodesEarly ? [...second, ...first] : [...first]
  const encode = (...more: (readonly string[])[]) => (rounds = [...[...more].reverse().flat(), ...rounds])
  for (let iteration = 0; iteration < iterations; iteration += 1) {
    told.push(rounds)
    if (refinesFirst) encode(first)
    // What one checkpoint encoded is kept until another one does.
    if (hasSecond && ((iteration === 0 && !encodesEarly) || refinesSecond)) encode(second)
    if (refinesSecond) encode(second)
    if (refinesFirst) encode(first)
  }
  return told
}

/** Where a prompt is cut into parts that are encoded, and guided, by themselves. */
const PARTS = /\bAND\b/

/**
 * What encoding a pair of prompts tells: each text's embeddings, the negative prompt's last, and each part of the prompt
 * between ANDs by itself, the last first. Files that have not been hashed yet are passed over.
 */
function hashesOf(plan: GenerationPlan, models: ModelIndex, prompt: string, negative: string): string[] {
  const { loaded } = listEmbeddings(models, plan.checkpoint)
  const parts = parseExtraNetworks(prompt)
    .prompt.split(PARTS)
    .map((part) => part.trimEnd())
  return [...[...new Set(parts)].reverse(), negative].flatMap((text) => {
    const hashes = findEmbeddings(loaded, text)
      .filter(({ sha256 }) => sha256 !== '')
      .map((file) => `${toEmbeddingName(file)}: ${file.sha256.slice(0, HASH_DIGITS)}`)
    // SDXL's two text encoders tell of the same text one after the other.
    return plan.checkpoint.family === 'sdxl' ? [...hashes, ...hashes] : hashes
  })
}
