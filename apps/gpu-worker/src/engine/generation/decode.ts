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
  generation: Pick<Generation, 'vae' | 'tiny' | 'job' | 'checkpoint'>,
  latent: Tensor,
  row: number,
): Promise<Pixels> {
  const { job, checkpoint } = generation
  const unscaled = toVaeLatent(sliceRows(latent, row, row + 1), checkpoint.model.latents)
  const decoded = await coderOf(generation).decode(unscaled, job.tiling)
  if (hasNaN(decoded.data)) {
    throw new EngineError('not-a-number', describeNaN('VAE'), { exceptionType: 'NansException' })
  }
  return toPixels(decoded)
}
