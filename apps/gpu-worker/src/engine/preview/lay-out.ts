import type { PreviewSettings } from '@atelier/proto'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** Pictures of one size [1, 3, height, width], -1 to 1, side by side in rows; one is itself. */
export function layOut(
  pictures: readonly Tensor[],
  { gridRows, gridBackground }: Pick<PreviewSettings, 'gridRows' | 'gridBackground'>,
): Tensor {
  if (pictures.length === 1) return pictures[0]!
  const rows = Math.min(gridRows, pictures.length)
  const columns = Math.ceil(pictures.length / rows)
  const [, , height, width] = pictures[0]!.shape as [number, number, number, number]
  const grid = createTensor([1, 3, rows * height, columns * width])
  for (let channel = 0; channel < 3; channel += 1) {
    const plane = grid.data.subarray(channel * rows * height * columns * width)
    const colour = (gridBackground >> (16 - 8 * channel)) & 255
    plane.fill((2 * colour) / 255 - 1, 0, rows * height * columns * width)
    for (const [i, { data }] of pictures.entries()) {
      const [top, left] = [Math.floor(i / columns) * height, (i % columns) * width]
      for (let y = 0; y < height; y += 1) {
        const from = (channel * height + y) * width
        plane.set(data.subarray(from, from + width), (top + y) * columns * width + left)
      }
    }
  }
  return grid
}
