import { joinRows, sliceRows } from '../denoise/combine.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** The rows of the images, going round where there are fewer. */
export function pickRows(source: Tensor, images: readonly number[]): Tensor {
  const count = source.shape[0]!
  return joinRows(images.map((image) => sliceRows(source, image % count, (image % count) + 1)))
}
