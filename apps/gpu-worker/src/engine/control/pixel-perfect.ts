import { ResizeMode } from '@atelier/proto'
import { roundEven, type Size } from '../opencv/raster.ts'

/** The resolution at which a preprocessor's picture needs the least resizing afterwards (the extension's pixel perfect). */
export function choosePixelPerfect(picture: Size, target: Size, mode: ResizeMode): number {
  const factors = [target.height / picture.height, target.width / picture.width]
  const factor = mode === ResizeMode.RESIZE_MODE_FILL ? Math.min(...factors) : Math.max(...factors)
  return roundEven(factor * Math.min(picture.width, picture.height))
}
