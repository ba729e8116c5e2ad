import type { GenerationPlan } from '../generation/generation-plan.ts'
import type { ModelIndex } from '../../models/model-index.ts'
import { optionFlag } from '../options/options-store.ts'
import { findLoras } from '../generation/to-loras.ts'
import type { Parameter } from './parameter.ts'

/** Digits of a LoRA's hash. */
const HASH_DIGITS = 12

/**
 * Names and hashes of the LoRAs of both passes. Names are those they were asked for by, without the signs that part
 * entries; files that have not been hashed yet are passed over.
 */
export function listLoraParameters(plan: GenerationPlan, models: ModelIndex): Parameter[] {
  const { request, options, prompt, hiresPrompt } = plan
  if (!optionFlag(options, 'lora_add_hashes_to_infotext')) return []
  const prompts = !plan.isImageToImage && request.flag('enable_hr') ? [prompt, hiresPrompt] : [prompt]
  const hashes = new Map<string, string>()
  for (const { name, file } of prompts.flatMap((text) => findLoras({ prompt: text, request }, models))) {
    const hash = file.metadata['sshs_model_hash'] || file.contentSha256
    if (hash !== '') hashes.set(name.replace(/[:,]/g, ''), hash.slice(0, HASH_DIGITS))
  }
  const value = [...hashes].map(([name, hash]) => `${name}: ${hash}`).join(', ')
  return value === '' ? [] : [{ key: 'Lora hashes', value }]
}
