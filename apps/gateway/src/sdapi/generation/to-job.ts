import {
  Job,
  MaskedContent,
  NoiseSource,
  PromptPadding,
  ResizeMode,
  Surface,
  type BlobRef,
  type GenerationJob,
  type InpaintMask,
  type ModelRef,
  type SamplingSettings,
} from '@atelier/proto'
import type { ResolvedSampling } from '@atelier/catalog'
import { toModelRef, type ModelIndex } from '../../models/model-index.ts'
import { findEmbeddings, listEmbeddings } from '../lists/embeddings.ts'
import { toControls, type StoredUnit } from '../control/to-controls.ts'
import { promptsOf, type GenerationPlan } from './generation-plan.ts'
import { toHires, toRefiner } from './hires-plan.ts'
import { optionFlag, optionNumber, optionText, type Options } from '../options/options-store.ts'
import { toModelConditions } from './model-conditions.ts'
import { listParameters } from '../parameters/list-parameters.ts'
import { listToldEvents, type Parameter } from '../parameters/parameter.ts'
import { toSoftInpainting } from '../parameters/soft-inpainting.ts'
import { writeSamplerExtras } from './sampler-extras.ts'
import { toSurfaceNote, type Echo } from '../answer/surface-note.ts'
import { toTinyAutoencoder } from './tiny-autoencoder.ts'
import { limitRatio, tokenMergingRatios } from './token-merging.ts'
import { toHypernetworks } from './to-hypernetworks.ts'
import { toLoras } from './to-loras.ts'
import { listAsides, toOutput } from './to-output.ts'
import { toPreview } from './to-preview.ts'
import { toUpscaler } from './to-upscaler.ts'
import { writeInfotext } from '../infotext/write-infotext.ts'

/** Who asks, and under which ids. */
export interface JobIdentity {
  readonly id: string
  readonly publicId: string
  readonly requestDigest: string
  readonly tenant: string
  readonly now: number
}

/** Pictures of the request, stored. */
export interface PlacedPictures {
  readonly sources: readonly BlobRef[]
  readonly mask?: BlobRef | undefined
  /** Units that act, with their pictures; absent: none. */
  readonly controls?: readonly StoredUnit[]
  /** A script makes the mask while it runs. */
  readonly makesMask?: boolean
}

/** Pictures of a request, and the request itself. */
export interface StoredPictures extends PlacedPictures {
  /** The request, for whoever asks for the job's answer later. */
  readonly echo: Echo
}

/** Limits of a mask's blur (sigma) and padding, pixels. */
const MAX_MASK_BLUR = 256
const MAX_MASK_PADDING = 1024

/**
 * Writes the job of a plan.
 * @throws ApiError for an image format that cannot be written
 */
export function toJob(
  plan: GenerationPlan,
  pictures: StoredPictures,
  models: ModelIndex,
  identity: JobIdentity,
): Job {
  const { now, ...ids } = identity
  const parameters = listParameters(plan, models)
  const generation = toGeneration(plan, pictures, models, parameters)
  return Job.fromPartial({
    ...ids,
    surface: Surface.SURFACE_SDAPI,
    submittedAtMs: now,
    models: listFiles(generation),
    preview: toPreview(plan.options),
    kind: { $case: 'generation', value: generation },
    surfaceNote: toSurfaceNote(plan, parameters, pictures.echo),
  })
}

/** The model files of a generation, its checkpoint first. */
export function listFiles({ checkpoint, vae, loras, embeddings, ...generation }: GenerationJob): ModelRef[] {
  const files = [
    checkpoint,
    ...[vae, generation.tinyEncoder, generation.tinyDecoder],
    ...[generation.refiner?.checkpoint, generation.hires?.checkpoint],
    ...[generation.hires?.upscaler?.model, generation.source?.upscaler?.model],
    ...[...loras, ...(generation.hires?.loras ?? [])].map(({ file }) => file),
    ...[...generation.hypernetworks, ...(generation.hires?.hypernetworks ?? [])].map(({ file }) => file),
    ...embeddings,
    ...generation.controls.flatMap(({ model, preprocessing }) => [
      model,
      preprocessing?.network,
      preprocessing?.detector,
    ]),
  ]
  return files.filter((file) => file !== undefined)
}

/**
 * Writes the generation of a plan.
 * @throws ApiError for an image format that cannot be written
 */
export function toGeneration(
  plan: GenerationPlan,
  pictures: PlacedPictures,
  models: ModelIndex,
  parameters: readonly Parameter[],
): GenerationJob {
  const { options, vae } = plan
  return {
    images: plan.seeds.map((seed, index) => ({
      prompt: promptsOf(plan, index).prompt,
      negativePrompt: promptsOf(plan, index).negativePrompt,
      // Torch reads a negative seed as its two's complement.
      seed: BigInt.asUintN(64, seed),
      subseed: BigInt.asUintN(64, plan.subseeds[index] ?? 0n),
      infotext: writeInfotext(plan, parameters, index),
    })),
    batchSize: plan.batchSize,
    width: plan.width,
    height: plan.height,
    sampling: {
      ...toSampling(plan, plan.sampling, plan.steps),
      tokenMergingRatio: limitRatio(tokenMergingRatios(plan).first),
    },
    text: {
      clipSkip: plan.clipSkip,
      emphasis: optionText(options, 'emphasis'),
      commaPaddingBacktrack: optionNumber(options, 'comma_padding_backtrack', 20),
      useOldScheduling: optionFlag(options, 'use_old_scheduling'),
      readsWeightsFromTokens: optionFlag(options, 'use_old_emphasis_implementation'),
      disableExtraNetworks: plan.request.flag('disable_extra_networks'),
      clipSkipForPairs: optionFlag(options, 'sdxl_clip_l_skip'),
      padding: toPadding(options),
    },
    noise: toNoise(plan),
    source: toSource(plan, pictures, models),
    checkpoint: toModelRef(plan.checkpoint),
    vae: vae && toModelRef(vae),
    ...toTinyAutoencoder(plan, models),
    // Pictures are encoded after the request's options have been taken back, but carry metadata as those say.
    output: {
      ...toOutput(
        options,
        plan.request.flag('override_settings_restore_afterwards') ? plan.ownOptions : options,
      ),
      asides: listAsides(options, plan.request.flag('save_images')),
    },
    tiling: plan.tiles,
    loras: toLoras(plan, models),
    hypernetworks: toHypernetworks(plan, models),
    embeddings: toEmbeddings(plan, models),
    hires: toHires(plan, models, (sampling, steps) => toSampling(plan, sampling, steps)),
    refiner: toRefiner(plan, models),
    ...toModelConditions(plan),
    controls: toControls(pictures.controls ?? [], options, seedOfLots(plan)),
    toldEvents: listToldEvents(parameters),
  }
}

/** The older way goes before the newer one. */
function toPadding(options: Options): PromptPadding {
  if (optionFlag(options, 'pad_cond_uncond_v0')) return PromptPadding.PROMPT_PADDING_LAST_TOKEN
  return optionFlag(options, 'pad_cond_uncond')
    ? PromptPadding.PROMPT_PADDING_EMPTY
    : PromptPadding.PROMPT_PADDING_UNSPECIFIED
}

/** Seed and variation seed of the first image, as the ControlNet extension seeds what draws lots. */
function seedOfLots({ request, seeds }: GenerationPlan): bigint {
  const [first = 0n] = seeds
  const settle = (name: string) => {
    const asked = request.integer(name) ?? -1n
    return asked === -1n ? first : asked < 0n ? 0n : asked
  }
  return settle('seed') + settle('subseed')
}

function toSampling(
  { request, options }: GenerationPlan,
  sampling: ResolvedSampling,
  steps: number,
): SamplingSettings {
  // An option that has been changed wins over the request, as in A1111.
  const churn = (name: string, unchanged: number): number => {
    const option = optionNumber(options, name, unchanged)
    return option === unchanged ? (request.number(name) ?? unchanged) : option
  }
  return {
    sampler: sampling.sampler.id,
    schedule: sampling.schedule.name,
    steps,
    guidanceScale: request.number('cfg_scale') ?? 7,
    eta:
      request.number('eta') ??
      (sampling.sampler.isTimestepSampler === true
        ? optionNumber(options, 'eta_ddim', 0)
        : optionNumber(options, 'eta_ancestral', 1)),
    sChurn: churn('s_churn', 0),
    sTmin: churn('s_tmin', 0),
    sTmax: churn('s_tmax', 0),
    sNoise: churn('s_noise', 1),
    sMinUncond: request.number('s_min_uncond') ?? optionNumber(options, 's_min_uncond', 0),
    sigmaMin: optionNumber(options, 'sigma_min', 0),
    sigmaMax: optionNumber(options, 'sigma_max', 0),
    rho: optionNumber(options, 'rho', 0),
    alwaysDiscardPenultimate: optionFlag(options, 'always_discard_next_to_last_sigma'),
    extraOptionsJson: writeSamplerExtras(options),
    tokenMergingRatio: 0,
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

/** By number; whatever else is asked for fills, as in A1111. */
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
  plan: GenerationPlan,
  { sources, mask, makesMask }: PlacedPictures,
  models: ModelIndex,
): GenerationJob['source'] {
  const { request, options, ownOptions, isImageToImage } = plan
  if (!isImageToImage) return undefined
  return {
    images: [...sources],
    strength: Math.min(Math.max(request.number('denoising_strength') ?? 0.75, 0), 1),
    resizeMode: RESIZE_MODES[request.number('resize_mode') ?? 0] ?? ResizeMode.RESIZE_MODE_FILL,
    noiseMultiplier:
      request.number('initial_noise_multiplier') ?? optionNumber(ownOptions, 'initial_noise_multiplier', 1),
    runAllSteps: optionFlag(options, 'img2img_fix_steps'),
    backgroundColor: optionText(options, 'img2img_background_color'),
    mask: mask !== undefined || makesMask === true ? toMask(plan, mask) : undefined,
    correctColors: optionFlag(options, 'img2img_color_correction'),
    upscaler: toUpscaler(optionText(options, 'upscaler_for_img2img'), models, options),
    decodedNoise: plan.decodedNoise,
  }
}

function toMask(plan: GenerationPlan, image: BlobRef | undefined): InpaintMask {
  const { request, options } = plan
  const soft = toSoftInpainting(plan)
  const blur = request.number('mask_blur')
  const side = (name: string) => Math.min(Math.max(blur ?? request.number(name) ?? 4, 0), MAX_MASK_BLUR)
  return {
    image,
    latentImage: undefined,
    blurX: side('mask_blur_x'),
    blurY: side('mask_blur_y'),
    invert: request.count('inpainting_mask_invert') !== 0,
    // Soft inpainting lives on the mask's greys.
    round: soft === undefined && request.value('mask_round') !== false,
    soft,
    content: MASKED_CONTENTS[request.count('inpainting_fill')] ?? MaskedContent.MASKED_CONTENT_ORIGINAL,
    onlyMasked: request.value('inpaint_full_res') !== false,
    padding: Math.min(Math.max(request.count('inpaint_full_res_padding'), 0), MAX_MASK_PADDING),
    omitOverlay: !optionFlag(options, 'overlay_inpaint'),
    returnMask: optionFlag(options, 'return_mask'),
    returnComposite: optionFlag(options, 'return_mask_composite'),
  }
}

/** Embeddings that stand in the prompts; the engine, which knows tokens, has the last word. */
function toEmbeddings(plan: GenerationPlan, models: ModelIndex): ModelRef[] {
  const { loaded } = listEmbeddings(models, plan.checkpoint)
  return findEmbeddings(loaded, listPrompts(plan).join(' ')).map(toModelRef)
}

function listPrompts(plan: GenerationPlan): string[] {
  const own = [plan, ...(plan.imagePrompts ?? [])].flatMap((one) => [one.prompt, one.negativePrompt])
  return plan.request.flag('enable_hr') ? [...own, plan.hiresPrompt, plan.hiresNegativePrompt] : own
}
