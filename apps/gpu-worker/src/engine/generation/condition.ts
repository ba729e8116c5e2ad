import type { GenerationJob, LoraRef } from '@atelier/proto'
import type { RowContent } from '../denoise/guidance.ts'
import { sliceRows } from '../denoise/combine.ts'
import { listLabelNumbers, makeLabel } from '../denoise/label.ts'
import { EngineError } from '../engine-error.ts'
import { toTextSettings } from '../generation-settings.ts'
import type { LoadedModel } from '../models/loaded-model.ts'
import type { UsableCheckpoint } from '../models/use-checkpoint.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { encodePrompts, type ImagePrompts } from '../text-encode/encode-prompts.ts'
import type { WebuiTextModel, WebuiTextSettings } from '../text-encode/encode-webui-prompt.ts'
import { findActiveEntry, selectConditioning, type Conditioning } from '../text-encode/conditioning.ts'
import type { Generation, LatentSize } from './generation.ts'
import { padPrompts, type PaddedConditioning, type PromptPad } from './pad-prompts.ts'

/** What prompts are encoded for. */
export interface ConditioningRequest {
  readonly prompts: readonly ImagePrompts[]
  readonly checkpoint: UsableCheckpoint
  /** LoRAs of the prompts: embeddings may lie in their files. */
  readonly loras: readonly LoraRef[]
  /** Evaluations of the first pass, which prompt timelines count in. */
  readonly evaluations: number
  /** Those of the second pass, where the prompts are for that. */
  readonly hiresEvaluations?: number | undefined
  /** Size of the pictures that are asked for, pixels. */
  readonly pixels: LatentSize
  /** Channels beside the latent, [1 or images, channels, h, w], where the checkpoint takes some. */
  readonly concat: Tensor | undefined
}

/** Encodes the prompts of a batch; gives what conditions each evaluation, counted from 0. */
export async function encodeConditioning(
  generation: Generation,
  request: ConditioningRequest,
): Promise<(call: number) => PaddedConditioning> {
  const { job, texts } = generation
  const { prompts, checkpoint, loras, evaluations, hiresEvaluations, concat } = request
  const settings = { ...toTextSettings(job.text, evaluations), hiresSteps: hiresEvaluations }
  const bundles = loras.flatMap(({ file }) => file ?? [])
  const textModel = texts.webui(checkpoint.model, [...job.embeddings, ...bundles])
  const encoded = await encodePrompts(prompts, textModel, settings)
  const pad = await readPad(job, textModel, settings)
  const toContent = createContentMaker(generation, request)
  const channelsOf = (image: number) =>
    concat && sliceRows(concat, image % concat.shape[0]!, (image % concat.shape[0]!) + 1)
  return (call) => {
    const positive = selectConditioning(
      encoded.map(({ positive }) => positive),
      call,
    ).map((parts, image) =>
      parts.map(({ weight, conditioning }) => ({
        ...toContent(conditioning, false),
        weight,
        concat: channelsOf(image),
      })),
    )
    const negative = encoded.map((one, image) => [
      {
        ...toContent(one.negative[findActiveEntry(one.negative, call)]!.conditioning, true),
        weight: 1,
        concat: channelsOf(image),
      },
    ])
    return padPrompts({ positive, negative }, pad)
  }
}

/** How prompts are padded, where the job wants that. */
async function readPad(
  { text }: GenerationJob,
  model: WebuiTextModel,
  settings: WebuiTextSettings,
): Promise<PromptPad | undefined> {
  const padding = text?.padding ?? 0
  if (padding === 0) return undefined
  const [image] = await encodePrompts([{ prompt: '', negativePrompt: '' }], model, settings)
  return { padding, empty: image!.positive[0]!.schedule[0]!.conditioning.tokens }
}

/** Scores A1111 tells a refiner with prompts and with negative prompts. */
const SCORES = { positive: 6, negative: 2.5 }

/** Makes what a row is told of an encoded prompt: with a label where the checkpoint takes one, made once for each. */
function createContentMaker(
  { job }: Generation,
  { checkpoint, pixels: { width, height } }: ConditioningRequest,
): (conditioning: Conditioning, isNegative: boolean) => RowContent {
  const { family, labelWidth } = checkpoint.model
  if (family !== 'sdxl' && family !== 'sdxl-refiner') {
    // An unCLIP model that is told of no picture.
    const none = labelWidth === 0 ? {} : { label: createTensor([1, labelWidth]) }
    return ({ tokens }) => ({ tokens, ...none })
  }
  const { cropLeft = 0, cropTop = 0, positiveScore, negativeScore } = job.label ?? {}
  const numbersFor = (isNegative: boolean) =>
    listLabelNumbers(family, {
      ...{ width, height, cropLeft, cropTop, targetWidth: width, targetHeight: height },
      aestheticScore: isNegative ? (negativeScore ?? SCORES.negative) : (positiveScore ?? SCORES.positive),
    })
  const made = new Map<Tensor, Tensor>()
  return ({ tokens, pooled }, isNegative) => {
    const label = (pooled && made.get(pooled)) ?? toLabel(pooled, numbersFor(isNegative), labelWidth)
    if (pooled !== undefined) made.set(pooled, label)
    return { tokens, label }
  }
}

/**
 * The label vector of a pooled text.
 * @throws EngineError `unusable-model` when the text encoders give none, or the network takes another width
 */
function toLabel(
  pooled: Tensor | undefined,
  numbers: readonly number[],
  labelWidth: LoadedModel['labelWidth'],
): Tensor {
  if (pooled === undefined)
    throw new EngineError(
      'unusable-model',
      'the text encoders give no pooled vector, which the checkpoint needs',
    )
  const label = makeLabel(pooled, numbers)
  if (label.shape[1] === labelWidth) return label
  throw new EngineError(
    'unusable-model',
    `the checkpoint takes labels of ${labelWidth} numbers, its text encoders give ${label.shape[1]}`,
  )
}
