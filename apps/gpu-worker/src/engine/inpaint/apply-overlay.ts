import { ResizeMode } from '@atelier/proto'
import type { Pixels } from '../image/pixels.ts'
import { fitImage } from '../source-image/fit-image.ts'
import { dropAlpha, layOver } from './alpha.ts'
import type { Box } from './crop-region.ts'

/**
 * Puts a finished picture back where it belongs: into a box of an empty canvas of the overlay's size (absent: the
 * picture as it is), then lays the overlay, the untouched part of the source, over it.
 */
export function applyOverlay(picture: Pixels, overlay: Pixels, pasteTo: Box | undefined): Pixels {
  const canvas = pasteTo === undefined ? addAlpha(picture) : uncrop(picture, overlay, pasteTo)
  layOver(canvas, overlay)
  return dropAlpha(canvas)
}

/** A picture fitted into a box of a transparent canvas. */
export function uncrop(picture: Pixels, { width, height }: Pixels, box: Box): Pixels {
  const fitted = addAlpha(
    fitImage(picture, box.right - box.left, box.bottom - box.top, ResizeMode.RESIZE_MODE_CROP),
  )
  const data = new Uint8Array(width * height * 4)
  const columns = Math.min(box.right, width) - box.left
  for (let y = 0; columns > 0 && y < Math.min(box.bottom, height) - box.top; y += 1) {
    const row = fitted.data.subarray(y * fitted.width * 4, (y * fitted.width + columns) * 4)
    data.set(row, ((y + box.top) * width + box.left) * 4)
  }
  return { width, height, channels: 4, data }
}

function addAlpha({ width, height, channels, data }: Pixels): Pixels {
  const output = new Uint8Array(width * height * 4).fill(255)
  for (let i = 0; i < width * height; i += 1) output.set(data.subarray(channels * i, channels * i + 3), 4 * i)
  return { width, height, channels: 4, data: output }
}
