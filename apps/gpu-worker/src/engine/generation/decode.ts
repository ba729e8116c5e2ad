import { sliceRows } from '../denoise/combine.ts'
import { toPixels } from '../decode/pixels.ts'
import { EngineError } from '../engine-error.ts'
import type { Pixels } from '../image/pixels.ts'
import { describeNaN } from '../models/refuse-nan.ts'
import { toVaeLatent } from '../models/latent-format.ts'
import { hasNaN, type Tensor } from '../tensor/tensor.ts'
import { coderOf, type Generation } from './generation.ts'

/** Decodes one image of a batch of latents, in the model's scale. */
export async function decodeRow(
  generation: Pick<Generation, 'vae' | 'tiny' | 'job' | 'checkpoint' | 'hyperTile'>,
  latent: Tensor,
  row: number,
): Promise<Pixels> {
  const { job, checkpoint, tiny } = generation
  const unscaled = toVaeLatent(sliceRows(latent, row, row + 1), checkpoint.model.latents)
  const [height, width] = unscaled.shape.slice(2) as [number, number]
  // A tiny autoencoder has no attention that could be cut.
  const tiles = tiny.decode ? undefined : generation.hyperTile?.drawDecoderTiles(height, width)
  const decoded = await coderOf(generation).decode(unscaled, job.tiling, tiles)
  if (hasNaN(decoded.data)) {
    throw new EngineError('not-a-number', describeNaN('VAE'), { exceptionType: 'NansException' })
  }
  return toPixels(decoded)
}
