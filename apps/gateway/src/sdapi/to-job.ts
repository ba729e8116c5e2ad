import {
  ImageFormat,
  Job,
  MaskedContent,
  NoiseSource,
  PreviewMethod,
  ResizeMode,
  Surface,
  type BlobRef,
  type GenerationJob,
  type LoraRef,
} from '@atelier/proto'
import type { ModelIndex } from '../models/model-index.ts'
import { toModelRef } from '../models/model-index.ts'
import { httpException } from './errors.ts'
import type { GenerationPlan } from './generation-plan.ts'
import { findLora } from './lists/loras.ts'
import { optionFlag, optionNumber, optionText, type Options } from './options/options-store.ts'
import { parseExtraNetworks, toLoraRequest } from './extra-networks.ts'
import { writeInfotext } from './write-infotext.ts'

/** Who asks, and under which ids. */
export interface JobIdentity {
  readonly id: string
  readonly publicId: string
  readonly requestDigest: string
  readonly tenant: string
  readonly now: number
}

/** Pictures of the request, stored. */
export interface StoredPictures {
  readonly sources: readonly BlobRef[]
  readonly mask?: BlobRef
}

const FORMATS: ReadonlyMap<string, ImageFormat> = new Map([
  ['png', ImageFormat.IMAGE_FORMAT_PNG],
  ['jpg', ImageFormat.IMAGE_FORMAT_JPEG],
  ['jpeg', ImageFormat.IMAGE_FORMAT_JPEG],
  ['webp', ImageFormat.IMAGE_FORMAT_WEBP],
])
/** Sampler steps between two live previews at most; clients poll, so older ones would never be seen. */
const DEFAULT_PREVIEW_STEPS = 10

/** Writes the job of a plan. Throws ApiError for an image format that cannot be written. */
export function toJob(
  plan: GenerationPlan,
  pictures: StoredPictures,
  models: ModelIndex,
  identity: JobIdentity,
): Job {
  const generation = toGeneration(plan, pictures, models)
  const { checkpoint, loras, embeddings } = generation
  const files = [
    ...(checkpoint ? [checkpoint] : []),
    ...loras.flatMap(({ file }) => (file ? [file] : [])),
    ...embeddings,
  ]
  return Job.fromPartial({
    ...identity,
    surface: Surface.SURFACE_SDAPI,
    submittedAtMs: identity.now,
    models: files,
    preview: toPreview(plan.options),
    kind: { $case: 'generation', value: generation },
  })
}

function toGeneration(
  plan: GenerationPlan,
  pictures: StoredPictures,
  models: ModelIndex,
): Partial<GenerationJob> & Pick<GenerationJob, 'loras' | 'embeddings' | 'checkpoint'> {
  const { options } = plan
  return {
    images: plan.seeds.map((seed, index) => ({
      prompt: plan.prompt,
      negativePrompt: plan.negativePrompt,
      seed: BigInt.asUintN(64, seed),
      subseed: BigInt.asUintN(64, plan.subseeds[index] ?? 0n),
      infotext: writeInfotext(plan, index),
    })),
    batchSize: plan.batchSize,
    width: plan.width,
    height: plan.height,
    sampling: toSampling(plan),
    text: {
      clipSkip: plan.clipSkip,
      emphasis: optionText(options, 'emphasis'),
      commaPaddingBacktrack: optionNumber(options, 'comma_padding_backtrack', 20),
      useOldScheduling: optionFlag(options, 'use_old_scheduling'),
      disableExtraNetworks: plan.request.flag('disable_extra_networks'),
    },
    noise: toNoise(plan),
    source: toSource(plan, pictures),
    checkpoint: toModelRef(plan.checkpoint),
    output: toOutput(options),
    tiling:
      plan.request.value('tiling') === null ? optionFlag(options, 'tiling') : plan.request.flag('tiling'),
    loras: toLoras(plan, models),
    embeddings: [],
  } satisfies Partial<GenerationJob>
}

function toSampling({ request, sampling, steps, options }: GenerationPlan): GenerationJob['sampling'] {
  const own = (field: string, option: string): number => {
    const set = optionNumber(options, option, 0)
    // An option that was changed wins over the request, as in A1111.
    return set !== 0 ? set : (request.number(field) ?? 0)
  }
  return {
    sampler: sampling.sampler.id,
    schedule: sampling.schedule.name,
    steps,
    guidanceScale: request.number('cfg_scale') ?? 7,
    eta:
      request.number('eta') ??
      optionNumber(options, sampling.sampler.isTimestepSampler ? 'eta_ddim' : 'eta_ancestral', 1),
    sChurn: own('s_churn', 's_churn'),
    sTmin: own('s_tmin', 's_tmin'),
    sTmax: own('s_tmax', 's_tmax'),
    sNoise: request.number('s_noise') ?? optionNumber(options, 's_noise', 1),
    sMinUncond: request.number('s_min_uncond') ?? optionNumber(options, 's_min_uncond', 0),
    sigmaMin: optionNumber(options, 'sigma_min', 0),
    sigmaMax: optionNumber(options, 'sigma_max', 0),
    rho: optionNumber(options, 'rho', 0),
    alwaysDiscardPenultimate: optionFlag(options, 'always_discard_next_to_last_sigma'),
    extraOptionsJson: '',
  }
}

function toNoise({ request, options }: GenerationPlan): GenerationJob['noise'] {
  const isCpu = optionText(options, 'randn_source') === 'CPU'
  return {
    source: isCpu ? NoiseSource.NOISE_SOURCE_CPU : NoiseSource.NOISE_SOURCE_PHILOX,
    subseedStrength: request.number('subseed_strength') ?? 0,
    seedResizeWidth: Math.max(request.number('seed_resize_from_w') ?? 0, 0),
    seedResizeHeight: Math.max(request.number('seed_resize_from_h') ?? 0, 0),
    etaSeedDelta: optionNumber(options, 'eta_noise_seed_delta', 0),
  }
}

const RESIZE_MODES = [
  ResizeMode.RESIZE_MODE_STRETCH,
  ResizeMode.RESIZE_MODE_CROP,
  ResizeMode.RESIZE_MODE_FILL,
  ResizeMode.RESIZE_MODE_LATENT,
] as const
const MASKED_CONTENTS = [
  MaskedContent.MASKED_CONTENT_FILL,
  MaskedContent.MASKED_CONTENT_ORIGINAL,
  MaskedContent.MASKED_CONTENT_NOISE,
  MaskedContent.MASKED_CONTENT_NOTHING,
] as const

function toSource(
  { request, options, strength }: GenerationPlan,
  { sources, mask }: StoredPictures,
): GenerationJob['source'] {
  if (strength === undefined) return undefined
  const blur = request.number('mask_blur')
  return {
    images: [...sources],
    strength,
    resizeMode: RESIZE_MODES[request.number('resize_mode') ?? 0] ?? ResizeMode.RESIZE_MODE_STRETCH,
    noiseMultiplier:
      request.number('initial_noise_multiplier') ?? optionNumber(options, 'initial_noise_multiplier', 1),
    runAllSteps: optionFlag(options, 'img2img_fix_steps'),
    backgroundColor: optionText(options, 'img2img_background_color'),
    mask: mask && {
      image: mask,
      blurX: blur ?? request.number('mask_blur_x') ?? 4,
      blurY: blur ?? request.number('mask_blur_y') ?? 4,
      invert: (request.number('inpainting_mask_invert') ?? 0) !== 0,
      round: request.value('mask_round') !== false,
      content: MASKED_CONTENTS[request.number('inpainting_fill') ?? 0] ?? MaskedContent.MASKED_CONTENT_FILL,
      onlyMasked: request.value('inpaint_full_res') !== false,
      padding: request.number('inpaint_full_res_padding') ?? 0,
    },
  }
}

function toOutput(options: Options): GenerationJob['output'] {
  const format = FORMATS.get(optionText(options, 'samples_format').toLowerCase())
  if (format === undefined) throw httpException(500, 'Invalid image format')
  return {
    format,
    quality: optionNumber(options, 'jpeg_quality', 80),
    omitMetadata: !optionFlag(options, 'enable_pnginfo'),
    save: false,
    lossless: false,
  }
}

function toPreview(options: Options): Job['preview'] {
  const isOn = optionFlag(options, 'live_previews_enable')
  const every = optionNumber(options, 'show_progress_every_n_steps', DEFAULT_PREVIEW_STEPS)
  const format = FORMATS.get(optionText(options, 'live_previews_image_format').toLowerCase())
  return {
    method: PreviewMethod.PREVIEW_METHOD_APPROX_CHEAP,
    everySteps: isOn && every > 0 ? every : 0,
    longestSide: 0,
    format: format ?? ImageFormat.IMAGE_FORMAT_PNG,
  }
}

/** LoRAs the prompt names and a worker has; others are passed over, as A1111 does with a note in its console. */
function toLoras({ prompt, request }: GenerationPlan, models: ModelIndex): LoraRef[] {
  if (request.flag('disable_extra_networks')) return []
  return parseExtraNetworks(prompt).tags.flatMap((tag) => {
    const wanted = toLoraRequest(tag)
    const file = wanted && findLora(models, wanted.name)
    if (wanted === undefined || file === undefined) return []
    return [
      {
        file: toModelRef(file),
        denoiserStrength: wanted.denoiserStrength,
        textStrength: wanted.textStrength,
      },
    ]
  })
}
