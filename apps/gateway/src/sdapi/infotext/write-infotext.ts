import { promptsOf, type GenerationPlan } from '../generation/generation-plan.ts'
import { conditionalMaskWeight, shownImageGuidanceScale } from '../generation/model-conditions.ts'
import { createInfotext, type InfotextNumber, type InfotextValue } from './create-infotext.ts'
import { optionFlag, optionNumber, optionText, type Options } from '../options/options-store.ts'
import type { Parameter } from '../parameters/parameter.ts'
import { toShortHash, toStem } from '../generation/resolve-checkpoint.ts'
import { toVaeName } from '../generation/resolve-vae.ts'
import { tokenMergingRatios } from '../generation/token-merging.ts'

/** What clients read as the WebUI's version: the one whose behaviour this surface has. */
export const WEBUI_VERSION = 'v1.10.1'

/** Writes the infotext of one image of a plan. */
export function writeInfotext(plan: GenerationPlan, parameters: readonly Parameter[], index: number): string {
  const { request, options, checkpoint, vae, sampling } = plan
  const number = (name: string) => request.value(name) as InfotextNumber | null
  const name = (option: string, text: string | undefined) => (optionFlag(options, option) ? text : undefined)
  return createInfotext({
    ...promptsOf(plan, index),
    steps: plan.steps,
    sampler: sampling.sampler.name,
    scheduleType: sampling.schedule.label,
    guidanceScale: number('cfg_scale') ?? 7,
    imageGuidanceScale: shownImageGuidanceScale(plan),
    seed: plan.seeds[index] ?? 0n,
    faceRestoration: plan.faceRestorer,
    width: plan.width,
    height: plan.height,
    modelHash: name('add_model_hash_to_info', toShortHash(checkpoint)),
    modelName: name('add_model_name_to_info', toStem(checkpoint)),
    ...describeWeights(options),
    vaeHash: name('add_vae_hash_to_info', vae && toShortHash(vae)),
    vaeName: name('add_vae_name_to_info', vae && toVaeName(vae)),
    variation: { seed: plan.subseeds[index] ?? 0n, strength: number('subseed_strength') ?? 0n },
    seedResizeFrom: {
      width: request.count('seed_resize_from_w'),
      height: request.count('seed_resize_from_h'),
    },
    conditionalMaskWeight: conditionalMaskWeight(plan),
    clipSkip: plan.clipSkip,
    etaNoiseSeedDelta: usesSeedDelta(plan) ? optionNumber(options, 'eta_noise_seed_delta', 0) : 0,
    ...describeTokenMerging(plan),
    initImageHash: plan.pictures.sourceHash,
    randomSource: optionText(options, 'randn_source'),
    tiling: plan.tiles,
    extra: toExtra(parameters, index),
    version: name('add_version_to_infotext', WEBUI_VERSION),
  })
}

function toExtra(parameters: readonly Parameter[], index: number): ReadonlyMap<string, InfotextValue> {
  const valueOf = ({ value, text, texts }: Parameter) =>
    (texts === undefined ? (text ?? value) : texts[index]) as InfotextValue
  return new Map(parameters.map((parameter) => [parameter.key, valueOf(parameter)]))
}

/** The seed delta is told only of samplers that draw noise on the way. */
function usesSeedDelta({ request, sampling }: GenerationPlan): boolean {
  return sampling.sampler.usesEnsd === true && request.number('eta') !== 0
}

function describeWeights(options: Options): { fp8Weight?: string; cachesFp16ForLora?: boolean } {
  const storage = optionText(options, 'fp8_storage')
  if (storage === 'Disable' || storage === '') return {}
  return { fp8Weight: storage, cachesFp16ForLora: optionFlag(options, 'cache_fp16_weight') }
}

function describeTokenMerging(plan: GenerationPlan): {
  tokenMergingRatio?: InfotextNumber
  tokenMergingRatioHires?: InfotextNumber
} {
  const { first, hires } = tokenMergingRatios(plan)
  return { tokenMergingRatio: first, ...(hires !== undefined && { tokenMergingRatioHires: hires }) }
}
