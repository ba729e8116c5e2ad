import { scale, sliceRows } from '../denoise/combine.ts'
import { toPixels } from '../decode/pixels.ts'
import { EngineError } from '../engine-error.ts'
import type { Pixels } from '../image/pixels.ts'
import type { LoadedVae } from '../models/loaded-model.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Decodes one image of a batch of latents, in sampling scale. */
export async function decodeRow(latent: Tensor, row: number, vae: LoadedVae): Promise<Pixels> {
  const decoded = await vae.decode(scale(1 / vae.scaleFactor, sliceRows(latent, row, row + 1)))
  if (decoded.data.some(Number.isNaN)) {
    throw new EngineError('not-a-number', 'A tensor with NaNs was produced in VAE.', {
      exceptionType: 'NansException',
    })
  }
  return toPixels(decoded)
}
