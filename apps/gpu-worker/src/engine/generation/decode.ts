import { scale, sliceRows } from '../denoise/combine.ts'
import { toPixels } from '../decode/pixels.ts'
import { EngineError } from '../engine-error.ts'
import type { Pixels } from '../image/pixels.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Generation } from './generation.ts'

/** Decodes one image of a batch of latents, in sampling scale. */
export async function decodeRow(
  { vae, job }: Pick<Generation, 'vae' | 'job'>,
  latent: Tensor,
  row: number,
): Promise<Pixels> {
  const decoded = await vae.decode(scale(1 / vae.scaleFactor, sliceRows(latent, row, row + 1)), job.tiling)
  if (decoded.data.some(Number.isNaN)) {
    throw new EngineError('not-a-number', 'A tensor with NaNs was produced in VAE.', {
      exceptionType: 'NansException',
    })
  }
  return toPixels(decoded)
}
