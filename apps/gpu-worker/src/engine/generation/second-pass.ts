import { ResizeMode, type HiresPass } from '@atelier/proto'
import { fromPixels } from '../decode/pixels.ts'
import { joinRows } from '../denoise/combine.ts'
import type { Pixels } from '../image/pixels.ts'
import { toModelLatent } from '../models/latent-format.ts'
import { findLatentMethod, resizeLatent } from '../resample/latent-upscale.ts'
import { fitImage, fitImageWith } from '../source-image/fit-image.ts'
import { cropPlanes } from '../tensor/planes.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { decodeRow } from './decode.ts'
import { openEnlarger } from './enlarge.ts'
import { coderOf, required, withCheckpoint, type Batch, type Generation } from './generation.ts'
import { LATENT_CHANNELS, LATENT_PIXELS } from './latent-size.ts'
import { samplePass, type PassResult } from './sample-pass.ts'

/** Enlarges what the first pass made and samples it again (A1111's hires fix). */
export async function sampleSecondPass(
  generation: Generation,
  batch: Batch,
  first: PassResult,
  hires: HiresPass,
): Promise<Pick<PassResult, 'latent' | 'checkpoint'>> {
  const { models } = generation
  const checkpoint = await models.checkpoint(hires.checkpoint ?? generation.job.checkpoint, hires.loras)
  const second = withCheckpoint(generation, checkpoint)
  const enlarged = await enlarge(generation, batch, { first, hires, second })
  const latent = cropLatent(enlarged.latent, hires)
  const { prompt, negativePrompt, strength } = hires
  const pictures = enlarged.pictures ?? (await decodeForInpainting(second, latent))
  second.hyperTile?.beginSecondPass(hires)
  const result = await samplePass(second, batch, {
    settings: required(hires.sampling),
    size: { width: latent.shape[3]!, height: latent.shape[2]! },
    pixels: { width: hires.width, height: hires.height },
    prompts: batch.images.map(() => ({ prompt, negativePrompt })),
    checkpoint,
    loras: hires.loras,
    hypernetworks: hires.hypernetworks,
    isSecond: true,
    start: { latent, strength, runsAllSteps: true, noiseFactor: 1, pictures },
    // A pass that was skipped takes its second one along; what is left is the enlarged picture.
    isSkipped: first.isStopped,
  })
  return result.isStopped && first.isStopped ? { latent, checkpoint } : result
}

async function enlarge(
  generation: Generation,
  { images }: Batch,
  { first, hires: { upscaler, width, height }, second }: Enlarging,
): Promise<Enlarged> {
  const { latent } = first
  const method = findLatentMethod(upscaler?.name ?? '')
  const size = { width: Math.floor(width / LATENT_PIXELS), height: Math.floor(height / LATENT_PIXELS) }
  if (method !== undefined) return { latent: resizeLatent(latent, size, method) }
  const { job, checkpoint } = second
  const drawn = withCheckpoint(generation, first.checkpoint)
  const enlarger = await openEnlarger(upscaler, generation.models)
  const rows: Tensor[] = []
  const pictures: Pixels[] = []
  for (const row of images.keys()) {
    const picture = await decodeRow(drawn, latent, row)
    const mode = ResizeMode.RESIZE_MODE_STRETCH
    const enlarged =
      enlarger === undefined
        ? fitImage(picture, width, height, mode)
        : await fitImageWith(enlarger, picture, { width, height, mode })
    pictures.push(enlarged)
    const { mean } = await coderOf(second).encode(fromPixels(enlarged), job.tiling)
    rows.push(toModelLatent(mean, checkpoint.model.latents))
  }
  return { latent: joinRows(rows), pictures }
}

interface Enlarging {
  readonly first: PassResult
  readonly hires: HiresPass
  /** The generation with the second pass's checkpoint, which encodes what was enlarged. */
  readonly second: Generation
}

/** Latents of the second pass, and the pictures they were made of, where they were. */
interface Enlarged {
  readonly latent: Tensor
  readonly pictures?: readonly Pixels[]
}

/** The pictures an inpainting checkpoint is shown part of; undefined where it sees none of them. */
async function decodeForInpainting(
  generation: Generation,
  latent: Tensor,
): Promise<readonly Pixels[] | undefined> {
  const { model } = generation.checkpoint
  const hidesAll = (generation.job.conditioningMaskWeight ?? 1) === 1
  if (model.inChannels === LATENT_CHANNELS || hidesAll) return undefined
  const pictures: Pixels[] = []
  for (let row = 0; row < latent.shape[0]!; row += 1) pictures.push(await decodeRow(generation, latent, row))
  return pictures
}

/** Cuts what exceeds the wanted size, half at each side. */
function cropLatent(latent: Tensor, { cropColumns, cropRows }: HiresPass): Tensor {
  if (cropColumns === 0 && cropRows === 0) return latent
  const [height, width] = latent.shape.slice(2) as [number, number]
  return cropPlanes(latent, {
    top: Math.floor(cropRows / 2),
    left: Math.floor(cropColumns / 2),
    height: height - cropRows,
    width: width - cropColumns,
  })
}
