import { ResizeMode, type HiresPass } from '@atelier/proto'
import { fromPixels } from '../decode/pixels.ts'
import { joinRows } from '../denoise/combine.ts'
import type { SamplingResult } from '../denoise/run-sampling.ts'
import { toModelLatent } from '../models/latent-format.ts'
import { findLatentMethod, resizeLatent } from '../resample/latent-upscale.ts'
import { fitImage, fitImageWith } from '../source-image/fit-image.ts'
import { cropPlanes } from '../tensor/planes.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { decodeRow } from './decode.ts'
import { openEnlarger } from './enlarge.ts'
import { LATENT_PIXELS, required, type Batch, type Generation } from './generation.ts'
import { sampleStage } from './sample.ts'

/** Enlarges what the first pass made and samples it again (A1111's hires fix). */
export async function sampleSecondPass(
  generation: Generation,
  batch: Batch,
  first: SamplingResult,
  hires: HiresPass,
): Promise<Tensor> {
  const { models } = generation
  const latent = cropLatent(await enlarge(generation, batch, first.latent, hires), hires)
  const checkpoint =
    hires.checkpoint === undefined ? generation.checkpoint : await models.checkpoint(hires.checkpoint)
  const { prompt, negativePrompt, strength } = hires
  const result = await sampleStage(generation, batch, {
    settings: required(hires.sampling),
    size: { width: latent.shape[3]!, height: latent.shape[2]! },
    prompts: batch.images.map(() => ({ prompt, negativePrompt })),
    checkpoint,
    isSecond: true,
    start: { latent, strength, runsAllSteps: true, noiseFactor: 1 },
    // A pass that was skipped takes its second one along; what is left is the enlarged picture.
    isSkipped: first.isStopped,
  })
  return result.isStopped && first.isStopped ? latent : result.latent
}

async function enlarge(
  generation: Generation,
  { images }: Batch,
  latent: Tensor,
  { upscaler, width, height }: HiresPass,
): Promise<Tensor> {
  const method = findLatentMethod(upscaler?.name ?? '')
  const size = { width: Math.floor(width / LATENT_PIXELS), height: Math.floor(height / LATENT_PIXELS) }
  if (method !== undefined) return resizeLatent(latent, size, method)
  const { vae, models, job, checkpoint } = generation
  const enlarger = await openEnlarger(upscaler, models)
  const rows: Tensor[] = []
  for (const row of images.keys()) {
    const picture = await decodeRow(generation, latent, row)
    const mode = ResizeMode.RESIZE_MODE_STRETCH
    const enlarged =
      enlarger === undefined
        ? fitImage(picture, width, height, mode)
        : await fitImageWith(enlarger, picture, { width, height, mode })
    const { mean } = await vae.encode(fromPixels(enlarged), job.tiling)
    rows.push(toModelLatent(mean, checkpoint.model.latents))
  }
  return joinRows(rows)
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
