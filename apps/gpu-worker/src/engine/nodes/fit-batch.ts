import { joinRows, sliceRows } from '../denoise/combine.ts'
import { roundHalfEven } from '../resample/common-upscale.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** A batch brought to a number of items by leaving some out or repeating some, evenly, as ComfyUI does. */
export function fitBatch(source: Tensor, count: number): Tensor {
  const own = source.shape[0]!
  if (own === count) return source
  if (count <= 1) return sliceRows(source, 0, Math.min(count, own))
  const pick =
    count < own
      ? (i: number) => roundHalfEven((i * (own - 1)) / (count - 1))
      : (i: number) => Math.floor(((i + 0.5) * own) / count)
  return joinRows(
    Array.from({ length: count }, (_, i) => {
      const at = Math.min(pick(i), own - 1)
      return sliceRows(source, at, at + 1)
    }),
  )
}
