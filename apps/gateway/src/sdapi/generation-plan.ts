import { resolveWebuiSampling, toAutomatic, type ResolvedSampling } from '@atelier/catalog'
import type { ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../models/model-index.ts'
import { fixSeed, listSeeds } from './draw-seed.ts'
import { pythonException } from './errors.ts'
import { optionNumber, optionText, overrideOptions, type Options } from './options/options-store.ts'
import { stripPromptComments } from './prompt-comments.ts'
import type { GenerationRequest } from './request/generation-request.ts'
import { findCheckpoint, selectCheckpoint } from './resolve-checkpoint.ts'
import { applyStyles, selectStyleTexts, type PromptStyle } from './styles.ts'

/** Everything a request settles, in one place: the job, its infotexts and `info` are written from it. */
export interface GenerationPlan {
  readonly request: GenerationRequest
  readonly options: Options
  readonly checkpoint: ModelFile
  readonly sampling: ResolvedSampling
  readonly prompt: string
  readonly negativePrompt: string
  /** One entry an image. */
  readonly seeds: readonly bigint[]
  readonly subseeds: readonly bigint[]
  readonly batchSize: number
  readonly width: number
  readonly height: number
  readonly steps: number
  readonly clipSkip: number
  /** Image to image. */
  readonly strength: number | undefined
  readonly isImageToImage: boolean
}

/** What a plan is made from beside the request. */
export interface PlanInputs {
  readonly models: ModelIndex
  readonly options: Options
  readonly styles: readonly PromptStyle[]
  readonly random: () => number
}

/**
 * Settles a request: overrides over options, styles into prompts, sampler and scheduler names, seeds, checkpoint.
 * @throws ApiError for an unknown option, or when no checkpoint is there
 */
export function planGeneration(
  request: GenerationRequest,
  isImageToImage: boolean,
  inputs: PlanInputs,
): GenerationPlan {
  const options = settleOptions(request, inputs)
  const checkpoint = selectCheckpoint(inputs.models, optionText(options, 'sd_model_checkpoint'))
  if (checkpoint === undefined) {
    throw pythonException(
      'FileNotFoundError',
      'no checkpoint found: put a .safetensors file into the models folder',
    )
  }
  const count = Number(request.integer('batch_size')) * Number(request.integer('n_iter'))
  const subseedStrength = request.number('subseed_strength') ?? 0
  const seed = fixSeed(request.integer('seed'), inputs.random)
  const subseed = fixSeed(request.integer('subseed'), inputs.random)
  return {
    request,
    options,
    checkpoint,
    sampling: settleSampling(request),
    prompt: settlePrompt(request.text('prompt') ?? '', 'prompt', request, inputs),
    negativePrompt: settlePrompt(request.text('negative_prompt') ?? '', 'negativePrompt', request, inputs),
    seeds: listSeeds(seed, count, subseedStrength !== 0),
    subseeds: listSeeds(subseed, count, false),
    batchSize: Number(request.integer('batch_size')),
    width: Number(request.integer('width')),
    height: Number(request.integer('height')),
    steps: Number(request.integer('steps')),
    clipSkip: optionNumber(options, 'CLIP_stop_at_last_layers', 1),
    strength: isImageToImage ? (request.number('denoising_strength') ?? 0.75) : undefined,
    isImageToImage,
  }
}

function settleOptions(request: GenerationRequest, { models, options }: PlanInputs): Options {
  const overrides = new Map(request.record('override_settings'))
  const wanted = overrides.get('sd_model_checkpoint')
  // A checkpoint that is not there is dropped, and the selected one used, as A1111 does.
  if (typeof wanted === 'string' && findCheckpoint(models, wanted) === undefined)
    overrides.delete('sd_model_checkpoint')
  return overrideOptions(options, overrides)
}

function settleSampling(request: GenerationRequest): ResolvedSampling {
  const name = request.text('sampler_name') || request.text('sampler_index')
  const scheduler = request.text('scheduler')
  const resolved = toAutomatic(resolveWebuiSampling(name, scheduler))
  // The scheduler field wins over a label at the end of the sampler's name.
  if (scheduler === null || scheduler === '') return resolved
  return { ...resolved, schedule: resolveWebuiSampling(null, scheduler).schedule }
}

function settlePrompt(
  prompt: string,
  kind: 'prompt' | 'negativePrompt',
  request: GenerationRequest,
  { styles, options }: PlanInputs,
): string {
  const names = request.list('styles').map(String)
  const selected = selectStyleTexts(styles, names)
  const styled =
    names.length === 0
      ? prompt
      : applyStyles(prompt, kind === 'prompt' ? selected.prompts : selected.negativePrompts)
  return options.get('enable_prompt_comments') === false ? styled : stripPromptComments(styled)
}
