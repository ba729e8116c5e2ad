import type { ExactValue } from '@atelier/catalog/exact-json'
import type { GenerationPlan } from './generation-plan.ts'
import { createInfotext, type InfotextNumber, type InfotextValue } from './infotext/create-infotext.ts'
import { optionFlag, optionNumber, optionText } from './options/options-store.ts'
import { toShortHash, toStem } from './resolve-checkpoint.ts'

/** What clients read as the WebUI's version: the one whose behaviour this surface has. */
export const WEBUI_VERSION = 'v1.10.1'

/** The infotext of one image of a plan. */
export function writeInfotext(plan: GenerationPlan, index: number): string {
  const { request, options, checkpoint, sampling } = plan
  const number = (name: string) => request.value(name) as InfotextNumber
  const variation = { seed: plan.subseeds[index] ?? 0n, strength: number('subseed_strength') ?? 0n }
  const [resizeWidth, resizeHeight] = [
    request.number('seed_resize_from_w') ?? 0,
    request.number('seed_resize_from_h') ?? 0,
  ]
  return createInfotext({
    prompt: plan.prompt,
    negativePrompt: plan.negativePrompt,
    steps: plan.steps,
    sampler: sampling.sampler.name,
    scheduleType: toScheduleLabel(plan),
    guidanceScale: number('cfg_scale') ?? 7,
    seed: plan.seeds[index] ?? 0n,
    width: plan.width,
    height: plan.height,
    modelHash: optionFlag(options, 'add_model_hash_to_info') ? toShortHash(checkpoint) : undefined,
    modelName: optionFlag(options, 'add_model_name_to_info') ? toStem(checkpoint) : undefined,
    variation,
    seedResizeFrom: { width: resizeWidth, height: resizeHeight },
    denoisingStrength: plan.isImageToImage ? (request.value('denoising_strength') as InfotextValue) : null,
    clipSkip: plan.clipSkip,
    etaNoiseSeedDelta:
      sampling.sampler.usesEnsd === true ? optionNumber(options, 'eta_noise_seed_delta', 0) : 0,
    randomSource: optionText(options, 'randn_source'),
    tiling: request.value('tiling') === null ? optionFlag(options, 'tiling') : request.flag('tiling'),
    extra: listExtraParameters(plan) as ReadonlyMap<string, InfotextValue>,
    version: optionFlag(options, 'add_version_to_infotext') ? WEBUI_VERSION : undefined,
  })
}

/** "Automatic" only where the sampler has no schedule of its own. */
function toScheduleLabel({ sampling }: GenerationPlan): string {
  const { sampler, schedule } = sampling
  if (schedule.name !== 'automatic' || sampler.defaultSchedule === undefined) return schedule.label
  return sampler.defaultSchedule.charAt(0).toUpperCase() + sampler.defaultSchedule.slice(1)
}

/** Samplers that are given eta, by id. */
const TAKES_ETA = new Set(
  'euler_ancestral dpm_2_ancestral dpm_fast dpm_adaptive dpmpp_2s_ancestral dpmpp_sde dpmpp_2m_sde dpmpp_2m_sde_heun dpmpp_3m_sde'.split(
    ' ',
  ),
)
const TAKES_DDIM_ETA = new Set(['ddim', 'ddim_cfgpp'])

/** Parameters beside the fixed ones, in the order in which A1111 adds them. */
export function listExtraParameters({
  request,
  options,
  sampling,
}: GenerationPlan): ReadonlyMap<string, ExactValue> {
  const extra = new Map<string, ExactValue>()
  const eta = request.value('eta')
  const { id } = sampling.sampler
  if (TAKES_ETA.has(id)) {
    const value = eta ?? options.get('eta_ancestral') ?? null
    if (value !== null && Number(value) !== 1) extra.set('Eta', value)
  }
  if (TAKES_DDIM_ETA.has(id)) {
    const value = eta ?? options.get('eta_ddim') ?? null
    if (value !== null && Number(value) !== 0) extra.set('Eta DDIM', value)
  }
  return extra
}
