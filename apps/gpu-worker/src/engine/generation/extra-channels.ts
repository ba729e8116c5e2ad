import { fromPixels } from '../decode/pixels.ts'
import { joinRows, sliceRows } from '../denoise/combine.ts'
import { EngineError } from '../engine-error.ts'
import type { Grey } from '../inpaint/grey.ts'
import { toModelLatent } from '../models/latent-format.ts'
import type { UsableCheckpoint } from '../models/use-checkpoint.ts'
import { resizeLatent } from '../resample/latent-upscale.ts'
import { resizeTensor } from '../resample/resize-tensor.ts'
import { joinAxis, mapTensor } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { coderOf, type Generation } from './generation.ts'
import { LATENT_CHANNELS, LATENT_PIXELS } from './latent-size.ts'
import type { Pass } from './pass.ts'

/** Channels of a UNet that takes a picture's latent beside its own (InstructPix2Pix). */
export const EDIT_CHANNELS = 8
/** Channels of one that takes a mask, and the latent of the picture outside it. */
const INPAINT_CHANNELS = 9

/**
 * The channels a checkpoint's UNet takes beside the latent in a pass, [1 or images, channels, h, w], as A1111 makes
 * them; undefined where it takes none.
 */
export async function readExtraChannels(
  generation: Generation,
  { model }: UsableCheckpoint,
  pass: Pass,
): Promise<Tensor | undefined> {
  switch (model.inChannels) {
    case LATENT_CHANNELS:
      return undefined
    case EDIT_CHANNELS:
      return editChannels(generation, pass)
    case INPAINT_CHANNELS:
      return inpaintChannels(generation, pass, model.latents)
    default:
      throw new EngineError('unusable-model', `the checkpoint takes ${model.inChannels} channels`)
  }
}

/** InstructPix2Pix sees the picture in the autoencoder's own scale; without a picture, nothing. */
async function editChannels(generation: Generation, { start, size }: Pass): Promise<Tensor> {
  if (start?.pictures === undefined) return createTensor([1, LATENT_CHANNELS, size.height, size.width])
  const encoded: Tensor[] = []
  for (const picture of start.pictures)
    encoded.push((await generation.vae.encode(fromPixels(picture), generation.job.tiling)).mean)
  return fitLatent(joinRows(encoded), size)
}

/** An inpainting model sees where it may draw, and what stands elsewhere; without a picture, grey. */
async function inpaintChannels(
  generation: Generation,
  { start, size }: Pass,
  format: Parameters<typeof toModelLatent>[1],
): Promise<Tensor> {
  const { job } = generation
  const weight = job.conditioningMaskWeight ?? 1
  const grey = createTensor([1, 3, size.height * LATENT_PIXELS, size.width * LATENT_PIXELS])
  const pictures = start?.pictures?.map(fromPixels) ?? [grey]
  const mask =
    start?.pixelMask === undefined ? undefined : toPlane(start.pixelMask, start.roundsMask === true)
  const encoded: Tensor[] = []
  for (const picture of pictures) {
    const { mean } = await coderOf(generation).encode(hideMasked(picture, mask, weight), job.tiling)
    encoded.push(toModelLatent(mean, format))
  }
  const latents = fitLatent(joinRows(encoded), size)
  const plane = mask === undefined ? undefined : resizeTensor(mask, size.width, size.height, 'nearest')
  const ones = createTensor([1, 1, size.height, size.width])
  ones.data.fill(1)
  const rows = Array.from({ length: latents.shape[0]! }, (_, row) =>
    joinAxis([plane ?? ones, sliceRows(latents, row, row + 1)], 1),
  )
  return joinRows(rows)
}

/** A picture turned to grey where the mask is 1, by a weight; without a mask, everywhere. */
function hideMasked(picture: Tensor, mask: Tensor | undefined, weight: number): Tensor {
  if (mask === undefined) return mapTensor(picture, (value) => value * (1 - weight))
  const size = mask.data.length
  return createTensor(
    picture.shape,
    picture.data.map((value, i) => value * (1 - weight * mask.data[i % size]!)),
  )
}

function toPlane({ width, height, data }: Grey, rounds: boolean): Tensor {
  const values = Float32Array.from(data, (value) => (rounds ? Math.round(value / 255) : value / 255))
  return createTensor([1, 1, height, width], values)
}

function fitLatent(latent: Tensor, { width, height }: Pass['size']): Tensor {
  const isSame = latent.shape[2] === height && latent.shape[3] === width
  return isSame ? latent : resizeLatent(latent, { width, height }, 'bilinear')
}
