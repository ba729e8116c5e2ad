import type { Raster } from '../opencv/raster.ts'
import { resizeTensor } from '../resample/resize-tensor.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** Above this share of white a mask's pixel is repainted. */
const MASKED = 0.5
/** What stands for masked pixels in a hint. */
const HOLE = -1

/**
 * A control picture as networks take it, [1, 3, height, width], 0 to 1, masked pixels -1; brought to a multiple of
 * pixels where the network's adapter needs one.
 */
export function toHint({ width, height, channels, data }: Raster, multiple: number): Tensor {
  const plane = width * height
  const hint = createTensor([1, 3, height, width])
  for (let i = 0; i < plane; i += 1) {
    const isMasked = channels === 4 && data[4 * i + 3]! / 255 > MASKED
    for (let c = 0; c < 3; c += 1) hint.data[c * plane + i] = isMasked ? HOLE : data[channels * i + c]! / 255
  }
  const [columns, rows] = [width, height].map((side) => Math.ceil(side / multiple) * multiple) as [
    number,
    number,
  ]
  return columns === width && rows === height ? hint : resizeTensor(hint, columns, rows, 'nearest')
}
