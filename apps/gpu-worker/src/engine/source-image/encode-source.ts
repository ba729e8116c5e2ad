import type { GenerationJob } from '@atelier/proto'
import { fromPixels } from '../decode/pixels.ts'
import { joinRows, scale, sliceRows } from '../denoise/combine.ts'
import { EngineError } from '../engine-error.ts'
import type { LoadedVae } from '../models/loaded-model.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { fitImage } from './fit-image.ts'
import { flattenImage, readImage } from './read-image.ts'

/** The latents of an image-to-image job's sources. */
export interface SourceLatents {
  /** [count, 4, h, w]: one source for all, or one for each. */
  forImages(count: number): Tensor
}

/**
 * Reads, fits and encodes a job's source pictures; undefined for text to image. The posterior's mean is taken: its
 * deviation is invisible, and a job that is run again gives the same picture.
 */
export async function encodeSource(
  job: GenerationJob,
  vae: LoadedVae,
  inputs: ReadonlyMap<string, Uint8Array>,
): Promise<SourceLatents | undefined> {
  const { source, width, height } = job
  if (source === undefined) return undefined
  const latents: Tensor[] = []
  for (const { key } of source.images) {
    const bytes = inputs.get(key)
    if (bytes === undefined)
      throw new EngineError('internal', `the source picture ${key} is not stored any more`)
    const picture = flattenImage(await readImage(bytes), source.backgroundColor)
    const [toWidth, toHeight] = [width - (width % 8), height - (height % 8)]
    const { mean } = await vae.encode(fromPixels(fitImage(picture, toWidth, toHeight, source.resizeMode)))
    latents.push(scale(vae.scaleFactor, mean))
  }
  const all = joinRows(latents)
  return {
    forImages: (count) =>
      latents.length === 1
        ? joinRows(Array.from({ length: count }, () => latents[0]!))
        : sliceRows(all, 0, count),
  }
}
