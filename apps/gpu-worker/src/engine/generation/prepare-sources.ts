import { MaskedContent, ResizeMode, type GenerationJob, type SourceImages } from '@atelier/proto'
import { fromPixels } from '../decode/pixels.ts'
import { joinRows, sliceRows } from '../denoise/combine.ts'
import { blend, spreadMask } from '../denoise/keep-latent.ts'
import { ImageNoise } from '../denoise/noise/image-noise.ts'
import { EngineError } from '../engine-error.ts'
import { toNoiseKind } from '../generation-settings.ts'
import type { Box } from '../inpaint/crop-region.ts'
import { takeRed, type Grey } from '../inpaint/grey.ts'
import { toLatentMask } from '../inpaint/latent-mask.ts'
import { prepareMask, type PreparedMask, type SourceFit } from '../inpaint/prepare-mask.ts'
import { preparePicture, type PreparedPicture } from '../inpaint/prepare-picture.ts'
import { toModelLatent, type LatentFormat } from '../models/latent-format.ts'
import type { LoadedVae } from '../models/loaded-model.ts'
import { resizeLatent } from '../resample/latent-upscale.ts'
import type { EnlargePicture } from '../source-image/fit-image.ts'
import { flattenImage } from '../source-image/read-image.ts'
import { readWebuiImage } from '../source-image/read-webui-image.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { LATENT_PIXELS } from './latent-size.ts'

/** The sources of an image-to-image job, encoded. */
export interface PreparedSources {
  readonly pictures: readonly PreparedPicture[]
  /** [sources, 4, h, w], in sampling scale; of each image of a batch its own where they begin with noise. */
  readonly latents: Tensor
  /** [1, 1, h, w], 1 = repaint; absent without a mask. */
  readonly mask: Tensor | undefined
  /** The mask in the size that is sampled, pixels; absent without one. */
  readonly pixelMask: Grey | undefined
  /** Where finished pictures are put back; absent: they are the whole. */
  readonly pasteTo: Box | undefined
}

/** What sources are prepared with. */
export interface SourceDeps {
  readonly vae: LoadedVae
  /** The checkpoint's latents. */
  readonly format: LatentFormat
  readonly inputs: ReadonlyMap<string, Uint8Array>
  readonly enlarge: EnlargePicture | undefined
}

/**
 * Reads, fits, fills and encodes a job's source pictures; undefined for text to image. The posterior's mean is taken:
 * its deviation is invisible, and a job that is run again gives the same picture.
 */
export async function prepareSources(
  job: GenerationJob,
  { vae, format, inputs, enlarge }: SourceDeps,
): Promise<PreparedSources | undefined> {
  const { source, width, height } = job
  if (source === undefined) return undefined
  const fit: SourceFit = { width, height, resizeMode: source.resizeMode || ResizeMode.RESIZE_MODE_STRETCH }
  const mask = await readPreparedMask(source, fit, inputs)
  const content = source.mask?.content ?? MaskedContent.MASKED_CONTENT_ORIGINAL
  const pictures: PreparedPicture[] = []
  const encoded: Tensor[] = []
  for (const { key } of source.images) {
    const picture = flattenImage(await readWebuiImage(readInput(inputs, key)), source.backgroundColor)
    const prepared = await preparePicture(picture, mask, fit, { content, enlarge })
    pictures.push(prepared)
    encoded.push(await encodePicture(prepared, fit, { vae, format, wraps: job.tiling }))
  }
  const latents = joinRows(encoded)
  const size = { width: latents.shape[3]!, height: latents.shape[2]! }
  const latentMask =
    mask && toLatentMask(mask.latent ?? mask.mask, { ...size, rounds: source.mask?.round ?? true })
  return {
    pictures,
    latents: latentMask === undefined ? latents : fillLatents(latents, latentMask, job),
    mask: latentMask,
    pixelMask: mask?.mask,
    pasteTo: mask?.box,
  }
}

/** The sources' latents for a number of images, [count, 4, h, w]: one for all, or one for each. */
export function repeatSources({ latents }: Pick<PreparedSources, 'latents'>, count: number): Tensor {
  const sources = latents.shape[0]!
  return joinRows(Array.from({ length: count }, (_, i) => sliceRows(latents, i % sources, (i % sources) + 1)))
}

function readInput(inputs: ReadonlyMap<string, Uint8Array>, key: string): Uint8Array {
  const bytes = inputs.get(key)
  if (bytes === undefined)
    throw new EngineError('internal', `the source picture ${key} is not stored any more`)
  return bytes
}

async function readPreparedMask(
  { mask }: SourceImages,
  fit: SourceFit,
  inputs: ReadonlyMap<string, Uint8Array>,
): Promise<PreparedMask | undefined> {
  if (mask?.image === undefined) return undefined
  const prepared = prepareMask(await readWebuiImage(readInput(inputs, mask.image.key)), mask, fit)
  if (prepared === undefined || mask.latentImage === undefined) return prepared
  return { ...prepared, latent: takeRed(await readWebuiImage(readInput(inputs, mask.latentImage.key))) }
}

async function encodePicture(
  { picture }: PreparedPicture,
  { width, height, resizeMode }: SourceFit,
  { vae, format, wraps }: Pick<SourceDeps, 'vae' | 'format'> & { wraps: boolean },
): Promise<Tensor> {
  const { mean } = await vae.encode(fromPixels(picture), wraps)
  const latent = toModelLatent(mean, format)
  if (resizeMode !== ResizeMode.RESIZE_MODE_LATENT) return latent
  const size = { width: Math.floor(width / LATENT_PIXELS), height: Math.floor(height / LATENT_PIXELS) }
  return resizeLatent(latent, size, 'bilinear')
}

/** Noise of the first batch's seeds, or nothing, in the masked part. */
function fillLatents(
  encoded: Tensor,
  mask: Tensor,
  { source, images, noise, batchSize }: GenerationJob,
): Tensor {
  const content = source?.mask?.content
  const isNoise = content === MaskedContent.MASKED_CONTENT_NOISE
  if (!isNoise && content !== MaskedContent.MASKED_CONTENT_NOTHING) return encoded
  const own = isNoise ? Math.max(encoded.shape[0]!, batchSize) : encoded.shape[0]!
  const latents = repeatSources({ latents: encoded }, own)
  const spread = spreadMask(mask, latents.shape)
  const [count, ...shape] = latents.shape as [number, number, number, number]
  if (!isNoise) return blend(createTensor(latents.shape), latents, spread)
  const seeds = images.slice(0, count).map(({ seed }) => seed)
  const settings = { kind: toNoiseKind(noise), shape, seeds, subseeds: [], subseedStrength: 0 }
  const drawn = new ImageNoise({ ...settings, etaSeedDelta: 0n }).next()
  return blend(drawn, latents, spread)
}
