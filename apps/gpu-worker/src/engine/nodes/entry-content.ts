import type { EntryContent } from '../denoise/composition/resolve-lists.ts'
import type { RowControls } from '../denoise/guidance.ts'
import { listLabelNumbers, makeLabel, type LabelNumbers } from '../denoise/label.ts'
import { joinPictureLabel, labelPictures } from '../denoise/picture-label.ts'
import { EngineError } from '../engine-error.ts'
import { toModelLatent } from '../models/latent-format.ts'
import type { LoadedModel } from '../models/loaded-model.ts'
import type { ConditioningEntry } from '../node-graph/node-context.ts'
import { roundHalfEven, upscale } from '../resample/common-upscale.ts'
import { joinAxis, mapTensor, sliceAxis } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { fitBatch } from './fit-batch.ts'

/** Pixels of one latent pixel's side. */
const LATENT_PIXELS = 8
/** What an inpainting model is shown where there is nothing to show: a grey picture's latent, by channel. */
const BLANK = [0.8223, -0.6876, 0.6364, 0.138]
/** Scores a refiner is told where nothing else is said. */
const SCORES = { positive: 6, negative: 2.5 }

/** Share of noise that several pictures are put under together. */
const JOINED_NOISE = 0.05

/** What a run over a latent shows to entries' content. */
export interface ContentSetting {
  readonly model: LoadedModel
  /** The latent that is sampled, in the model's scale, [images, 4, h, w]. */
  readonly source: Tensor
  /** Its noise mask in its size; absent: none. */
  readonly mask: Tensor | undefined
  /** The run's, from which the noise on pictures is drawn. */
  readonly seed: bigint
  /** What the ControlNets of an entry add; absent: none has any. */
  readonly controlsOf?: ((entry: ConditioningEntry) => RowControls | undefined) | undefined
  /** The network of an entry that has hooks; absent: none has any. */
  readonly networkOf?: ((entry: ConditioningEntry) => EntryContent['networkAt']) | undefined
}

/** What an entry of a role tells the network of a model, by ComfyUI's rules. */
export function toContent(entry: ConditioningEntry, role: string, setting: ContentSetting): EntryContent {
  return {
    tokens: projectTokens(entry.tokens, setting.model),
    controlTokens: entry.controlTokens,
    label: toLabel(entry, role, setting),
    concat: toConcat(entry, setting),
    controls: setting.controlsOf?.(entry),
    networkAt: setting.networkOf?.(entry),
  }
}

/** Tokens of another width than the context's, brought to it where the model has a layer for that. */
function projectTokens(tokens: Tensor, { contextWidth, contextProjection }: LoadedModel): Tensor {
  const [rows, count, width] = tokens.shape as [number, number, number]
  if (contextProjection === undefined || width === contextWidth) return tokens
  const { weight, bias } = contextProjection
  if (weight.shape[1] !== width)
    throw new EngineError('node-failed', `the model is told ${weight.shape[1]} numbers, not ${width}`)
  const projected = createTensor([rows, count, contextWidth])
  for (let i = 0; i < projected.data.length; i += 1) {
    const [row, out] = [Math.floor(i / contextWidth), i % contextWidth]
    let sum = bias.data[out]!
    for (let k = 0; k < width; k += 1) sum += tokens.data[row * width + k]! * weight.data[out * width + k]!
    projected.data[i] = sum
  }
  return projected
}

function toLabel(entry: ConditioningEntry, role: string, setting: ContentSetting): Tensor | undefined {
  const { family, labelWidth } = setting.model
  if (labelWidth === 0) return undefined
  const label =
    family === 'sdxl' || family === 'sdxl-refiner'
      ? makeLabel(toPooled(entry, setting), listLabelNumbers(family, toNumbers(entry, role, setting)))
      : toPictures(entry, setting)
  if (label.shape[1] === labelWidth) return label
  throw new EngineError(
    'node-failed',
    `the model takes labels of ${labelWidth} numbers, this conditioning makes ${label.shape[1]}`,
  )
}

/** What an unCLIP model is told; without pictures, nothing. */
function toPictures({ like }: ConditioningEntry, { model, seed }: ContentSetting): Tensor {
  return like === undefined
    ? createTensor([1, model.labelWidth])
    : joinPictureLabel(labelPictures(like, { seed, joinedNoise: JOINED_NOISE }))
}

/** What is told in the place of a text's vector: that one, or pictures. */
function toPooled({ pooled, like }: ConditioningEntry, { seed }: ContentSetting): Tensor {
  if (like !== undefined) return labelPictures(like, { seed, joinedNoise: 0 }).picture
  if (pooled !== undefined) return pooled
  throw new EngineError('node-failed', "'pooled_output'", { exceptionType: 'KeyError' })
}

function toNumbers(
  { labelNumbers = {} }: ConditioningEntry,
  role: string,
  { source }: ContentSetting,
): LabelNumbers {
  const [rows, columns] = source.shape.slice(2) as [number, number]
  const { width = columns * LATENT_PIXELS, height = rows * LATENT_PIXELS } = labelNumbers
  return {
    ...{ width, height, cropLeft: 0, cropTop: 0, targetWidth: width, targetHeight: height },
    aestheticScore: role === 'negative' ? SCORES.negative : SCORES.positive,
    ...labelNumbers,
  }
}

function toConcat(entry: ConditioningEntry, setting: ContentSetting): Tensor | undefined {
  const { inChannels } = setting.model
  if (inChannels === setting.source.shape[1]) return undefined
  return inChannels === 2 * setting.source.shape[1]! ? toPicture(entry, setting) : toMasked(entry, setting)
}

/** InstructPix2Pix takes the picture in the autoencoder's scale. */
function toPicture({ concatLatent }: ConditioningEntry, { source }: ContentSetting): Tensor {
  return concatLatent === undefined ? createTensor(source.shape) : fitLatent(concatLatent, source.shape)
}

/** Inpainting models take a mask and a picture; without a mask everything is drawn and nothing shown. */
function toMasked(
  { concatLatent, concatMask }: ConditioningEntry,
  { model, source, mask }: ContentSetting,
): Tensor {
  const [images, , height, width] = source.shape as [number, number, number, number]
  const given = concatMask ?? mask
  if (given === undefined) {
    const ones = createTensor([images, 1, height, width])
    ones.data.fill(1)
    const plane = height * width
    const blank = mapChannels(source.shape, plane, (channel) => BLANK[channel % BLANK.length]!)
    return joinAxis([ones, blank], 1)
  }
  const picture =
    concatLatent === undefined ? source : fitLatent(toModelLatent(concatLatent, model.latents), source.shape)
  return joinAxis([fitPlane(given, source.shape), picture], 1)
}

function mapChannels(shape: readonly number[], plane: number, of: (channel: number) => number): Tensor {
  const filled = createTensor(shape)
  for (let i = 0; i < filled.data.length; i += 1) filled.data[i] = of(Math.floor(i / plane) % shape[1]!)
  return filled
}

function fitLatent(latent: Tensor, shape: readonly number[]): Tensor {
  const [images, , height, width] = shape as [number, number, number, number]
  const isSame = latent.shape[2] === height && latent.shape[3] === width
  const sized = isSame ? latent : upscale(latent, { width, height }, { method: 'bilinear', crop: 'center' })
  return fitBatch(sized, images)
}

/** A mask as one plane an image, all or nothing. */
function fitPlane(mask: Tensor, shape: readonly number[]): Tensor {
  const [height, width] = mask.shape.slice(-2) as [number, number]
  const planes =
    mask.shape.length === 4 && mask.shape[1]! > 1
      ? sliceAxis(mask, 1, { from: 0, to: 1 })
      : createTensor([mask.data.length / (height * width), 1, height, width], mask.data)
  const fitted = fitLatent(planes, [shape[0]!, 1, ...shape.slice(2)])
  return mapTensor(fitted, roundHalfEven)
}
