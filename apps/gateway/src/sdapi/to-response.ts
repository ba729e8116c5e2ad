import type { JobRecord } from '@atelier/proto'
import { formatExactJson, type ExactObject, type ExactValue } from '@atelier/catalog/exact-json'
import type { GenerationPlan } from './generation-plan.ts'
import { toShortHash, toStem } from './resolve-checkpoint.ts'
import { listExtraParameters, WEBUI_VERSION, writeInfotext } from './write-infotext.ts'

/** Fields that img2img echoes as null unless asked otherwise: pictures are large. */
const PICTURE_FIELDS = ['init_images', 'mask']

/** The answer of txt2img and img2img: pictures, the request with its defaults, and `info` as JSON text. */
export function toGenerationResponse(
  plan: GenerationPlan,
  record: JobRecord,
  images: readonly string[],
): ExactObject {
  return new Map<string, ExactValue>([
    ['images', [...images]],
    ['parameters', toParameters(plan)],
    ['info', formatExactJson(toInfo(plan, record))],
  ])
}

function toParameters({ request, isImageToImage }: GenerationPlan): ExactObject {
  const parameters = new Map(request.fields)
  if (!isImageToImage || request.flag('include_init_images')) return parameters
  for (const field of PICTURE_FIELDS) parameters.set(field, null)
  return parameters
}

function toInfo(plan: GenerationPlan, record: JobRecord): ExactObject {
  const { request, options, checkpoint } = plan
  const made = record.result?.imageIndexes ?? []
  const count = plan.seeds.length
  const echo = (name: string): ExactValue => request.value(name)
  const restoresFaces =
    echo('restore_faces') === null ? options.get('face_restoration') === true : request.flag('restore_faces')
  return new Map<string, ExactValue>([
    ['prompt', plan.prompt],
    ['all_prompts', new Array<ExactValue>(count).fill(plan.prompt)],
    ['negative_prompt', plan.negativePrompt],
    ['all_negative_prompts', new Array<ExactValue>(count).fill(plan.negativePrompt)],
    ['seed', plan.seeds[0] ?? 0n],
    ['all_seeds', [...plan.seeds]],
    ['subseed', plan.subseeds[0] ?? 0n],
    ['all_subseeds', [...plan.subseeds]],
    ['subseed_strength', echo('subseed_strength')],
    ['width', echo('width')],
    ['height', echo('height')],
    ['sampler_name', plan.sampling.sampler.name],
    ['cfg_scale', echo('cfg_scale')],
    ['steps', echo('steps')],
    ['batch_size', echo('batch_size')],
    ['restore_faces', restoresFaces],
    ['face_restoration_model', restoresFaces ? (options.get('face_restoration_model') ?? null) : null],
    ['sd_model_name', toStem(checkpoint)],
    ['sd_model_hash', toShortHash(checkpoint) ?? null],
    ['sd_vae_name', null],
    ['sd_vae_hash', null],
    ['seed_resize_from_w', echo('seed_resize_from_w')],
    ['seed_resize_from_h', echo('seed_resize_from_h')],
    ['denoising_strength', echo('denoising_strength')],
    ['extra_generation_params', new Map(listExtraParameters(plan))],
    ['index_of_first_image', 0n],
    ['infotexts', made.map((index) => writeInfotext(plan, index))],
    ['styles', echo('styles') ?? []],
    ['job_timestamp', toTimestamp(record.startedAtMs)],
    ['clip_skip', options.get('CLIP_stop_at_last_layers') ?? 1n],
    ['is_using_inpainting_conditioning', false],
    ['version', WEBUI_VERSION],
  ])
}

/** YYYYMMDDHHMMSS in local time. */
export function toTimestamp(timeMs: number): string {
  const time = new Date(timeMs)
  const parts = [time.getMonth() + 1, time.getDate(), time.getHours(), time.getMinutes(), time.getSeconds()]
  return `${time.getFullYear()}${parts.map((part) => String(part).padStart(2, '0')).join('')}`
}
