import { resizeRaster } from '../../opencv/resize.ts'
import type { Preprocess } from './preprocessor.ts'
import { flattenOnWhite } from './working-picture.ts'

/** Side of a square of the grid, pixels of the working picture. */
const CELL = 64

/** A coarse grid of the picture's colours. */
export const colorGrid: Preprocess = (picture, { resolution }) => {
  const source = flattenOnWhite(picture)
  const { width, height } = source
  // Python rounds halves to even; a side that long is no exact half.
  const size =
    height < width
      ? { width: Math.round((width / height) * resolution), height: resolution }
      : { width: resolution, height: Math.round((height / width) * resolution) }
  const working = resizeRaster(source, size, 'area')
  const cells = { width: Math.floor(size.width / CELL), height: Math.floor(size.height / CELL) }
  return resizeRaster(resizeRaster(working, cells, 'cubic'), size, 'nearest')
}
