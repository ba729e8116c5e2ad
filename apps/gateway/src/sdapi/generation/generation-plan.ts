import { resolveWebuiSampling, WEBUI_SCHEDULES, type ResolvedSampling } from '@atelier/catalog'
import type { DecodedNoise, ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { planControls, type ControlPlan } from '../control/plan-controls.ts'
import { fixSeed, listSeeds } from './draw-seed.ts'
import { pythonException } from '../errors.ts'
import { toOldFirstPassSize } from '../infotext/old-hires.ts'
import { optionFlag, optionText, overrideOptions, type Options } from '../options/options-store.ts'
import type { Parameter } from '../parameters/parameter.ts'
import { stripPromptComments } from './prompt-comments.ts'
import type { GenerationRequest } from '../request/generation-request.ts'
import type { PictureFacts } from '../request/picture-facts.ts'
import { findCheckpoint, selectCheckpoint } from './resolve-checkpoint.ts'
import { findVae } from './resolve-vae.ts'
import { withOptionHypernetwork } from './to-hypernetworks.ts'
import { withOptionLora } from './to-loras.ts'
import { applyStyles, selectStyleTexts, type PromptStyle } from '../styles.ts'

/** Everything a request settles, in one place: the job, its infotexts and `info` are written from it. */
export interface GenerationPlan {
  readonly request: GenerationRequest
  /** Options in force while the job runs: the tenant's with the request's on top. */
  readonly options: Options
  /** The tenant's options without the request's. */
  readonly ownOptions: Options
  readonly checkpoint: ModelFile
  /** A separate VAE; undefined: the checkpoint's own. */
  readonly vae: ModelFile | undefined
  readonly sampling: ResolvedSampling
  readonly prompt: string
  readonly negativePrompt: string
  /** Prompts of the second pass where they differ from the first one's. */
  readonly hiresPrompt: string
  readonly hiresNegativePrompt: string
  /** One entry an image. */
  readonly seeds: readonly bigint[]
  readonly subseeds: readonly bigint[]
  readonly batchSize: number
  readonly width: number
  readonly height: number
  readonly steps: number
  readonly clipSkip: number
  readonly isImageToImage: boolean
  /** Asked for tiling, by request or option. */
  readonly tiles: boolean
  /** The face restorer asked for. */
  readonly faceRestorer: string | undefined
  readonly pictures: PictureFacts
  /** What the ControlNet extension makes of the request. */
  readonly control: ControlPlan
  /** What a script that makes this one of its generations tells of itself. */
  readonly scriptParameters: readonly Parameter[]
  /** A script finds the start noise backwards from the source; absent: it is drawn. */
  readonly decodedNoise?: DecodedNoise
  /** Prompts image by image, where a script gives them; absent: all have the plan's. */
  readonly imagePrompts?: readonly ImagePrompts[]
}

/** The prompts of one image. */
export interface ImagePrompts {
  readonly prompt: string
  readonly negativePrompt: string
}

/** The prompts of one image of a plan. */
export function promptsOf(plan: GenerationPlan, index: number): ImagePrompts {
  return plan.imagePrompts?.[index] ?? plan
}

/** What a plan is made from beside the request. */
export interface PlanInputs {
  readonly models: ModelIndex
  readonly options: Options
  readonly styles: readonly PromptStyle[]
  readonly isImageToImage: boolean
  readonly pictures: PictureFacts
  readonly random: () => number
}

/**
 * Settles a request whose numbers have been checked: overrides over options, styles into prompts, sampler and
 * schedule, seeds, checkpoint and VAE.
 * @throws ApiError for an unknown option, or when no checkpoint is there
 */
export function planGeneration(asked: GenerationRequest, inputs: PlanInputs): GenerationPlan {
  const options = settleOptions(asked, inputs)
  const { request, ...size } = settleHiresSize(asked, inputs.isImageToImage, options)
  const checkpoint = selectCheckpoint(inputs.models, optionText(options, 'sd_model_checkpoint'))
  if (checkpoint === undefined) {
    const text = 'no checkpoint found: put a .safetensors file into the models folder'
    throw pythonException('FileNotFoundError', text)
  }
  return {
    ...{ request, options, checkpoint, ownOptions: inputs.options },
    vae: findVae(inputs.models, options, checkpoint),
    sampling: settleSampling(request),
    ...settlePrompts(request, inputs, options),
    ...settleSeeds(request, inputs.random),
    ...size,
    steps: request.count('steps'),
    clipSkip: settleClipSkip(options),
    isImageToImage: inputs.isImageToImage,
    tiles: request.value('tiling') === null ? optionFlag(options, 'tiling') : request.flag('tiling'),
    faceRestorer: settleFaceRestorer(request, options),
    pictures: inputs.pictures,
    control: planControls(request, { ...inputs, options, checkpoint }),
    scriptParameters: [],
  }
}

function settleOptions(request: GenerationRequest, { models, options }: PlanInputs): Options {
  const overrides = new Map(request.record('override_settings'))
  const wanted = overrides.get('sd_model_checkpoint')
  // A checkpoint that is not there is dropped, and the selected one used, as A1111 does.
  const isKnown = typeof wanted === 'string' && findCheckpoint(models, wanted) !== undefined
  if (!isKnown) overrides.delete('sd_model_checkpoint')
  return overrideOptions(options, overrides)
}

function settleSampling(request: GenerationRequest): ResolvedSampling {
  const scheduler = request.text('scheduler')
  const resolved = resolveWebuiSampling(
    request.text('sampler_name') || request.text('sampler_index'),
    scheduler,
  )
  // The scheduler field wins over a label at the end of the sampler's name.
  const schedule = scheduler ? resolveWebuiSampling(null, scheduler).schedule : resolved.schedule
  return { sampler: resolved.sampler, schedule: toEffectiveSchedule({ ...resolved, schedule }) }
}

/** "Automatic" means the sampler's own schedule, where it has one. */
function toEffectiveSchedule({ sampler, schedule }: ResolvedSampling): ResolvedSampling['schedule'] {
  if (schedule.name !== 'automatic') return schedule
  return WEBUI_SCHEDULES.find(({ name }) => name === sampler.defaultSchedule) ?? schedule
}

type Prompts = Pick<GenerationPlan, 'prompt' | 'negativePrompt' | 'hiresPrompt' | 'hiresNegativePrompt'>

function settlePrompts(
  request: GenerationRequest,
  { styles, models }: PlanInputs,
  options: Options,
): Prompts {
  const names = request.list('styles').map(String)
  const { prompts, negativePrompts } = selectStyleTexts(styles, names)
  const keepsComments = !optionFlag(options, 'enable_prompt_comments')
  const settle = (prompt: string, texts: readonly string[]): string => {
    const styled = names.length === 0 ? prompt : applyStyles(prompt, texts)
    return keepsComments ? styled : stripPromptComments(styled)
  }
  const [positive, negative] = [request.text('prompt') ?? '', request.text('negative_prompt') ?? '']
  const withNetworks = (own: string) => {
    const prompt = withOptionLora({ prompt: own, request }, options, models)
    return withOptionHypernetwork({ prompt, request }, options, models)
  }
  return {
    prompt: withNetworks(settle(positive, prompts)),
    negativePrompt: settle(negative, negativePrompts),
    hiresPrompt: withNetworks(settle(request.text('hr_prompt') || positive, prompts)),
    hiresNegativePrompt: settle(request.text('hr_negative_prompt') || negative, negativePrompts),
  }
}

function settleSeeds(
  request: GenerationRequest,
  random: () => number,
): Pick<GenerationPlan, 'seeds' | 'subseeds' | 'batchSize'> {
  const batchSize = request.count('batch_size')
  const count = batchSize * request.count('n_iter')
  const isVaried = (request.number('subseed_strength') ?? 0) !== 0
  return {
    batchSize,
    seeds: listSeeds(fixSeed(request.integer('seed'), random), count, isVaried),
    subseeds: listSeeds(fixSeed(request.integer('subseed'), random), count, false),
  }
}

/** Sizes of the first pass: the old fields for it count where either is given. */
export function settleSize(
  request: GenerationRequest,
  isImageToImage: boolean,
): Pick<GenerationPlan, 'width' | 'height'> {
  const size = { width: request.count('width'), height: request.count('height') }
  const old = { width: request.count('firstphase_width'), height: request.count('firstphase_height') }
  return !isImageToImage && (old.width !== 0 || old.height !== 0) ? old : size
}

/**
 * Sizes as versions before 1.0 had them, where the option asks for that: the size of a request with a second pass is the
 * second one's, and the first has about 512 x 512 pixels.
 */
function settleHiresSize(
  request: GenerationRequest,
  isImageToImage: boolean,
  options: Options,
): Pick<GenerationPlan, 'request' | 'width' | 'height'> {
  const size = settleSize(request, isImageToImage)
  const isOld = optionFlag(options, 'use_old_hires_fix_width_height')
  if (!isOld || isImageToImage || !request.flag('enable_hr')) return { request, ...size }
  const target = { hr_resize_x: BigInt(size.width), hr_resize_y: BigInt(size.height) }
  return { request: request.with(target), ...toOldFirstPassSize(size) }
}

/** Throws as A1111 fails for a value that is no number. */
function settleClipSkip(options: Options): number {
  const value = options.get('CLIP_stop_at_last_layers') ?? 1n
  const number = Number(typeof value === 'string' && value.trim() === '' ? NaN : value)
  if (Number.isNaN(number)) throw pythonException('TypeError', "bad operand type for unary -: 'str'")
  return Math.max(Math.trunc(number), 1)
}

function settleFaceRestorer(request: GenerationRequest, options: Options): string | undefined {
  const isAsked =
    request.value('restore_faces') === null
      ? optionFlag(options, 'face_restoration')
      : request.flag('restore_faces')
  return isAsked ? optionText(options, 'face_restoration_model') : undefined
}
