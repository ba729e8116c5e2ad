import type { Pixels } from '../../image/pixels.ts'
import { roundEven } from '../../opencv/raster.ts'
import { resizeRaster } from '../../opencv/resize.ts'

/** Sides of a padded picture are multiples of this, pixels. */
const PADDED = 64

/** A picture at its working size. */
export interface WorkingPicture {
  readonly fitted: Pixels
  /** The same with its last row and column repeated up to multiples of 64. */
  readonly padded: Pixels
}

/** Brings the short side of a picture to a resolution, as the extension does ahead of its preprocessors. */
export function toWorkingPicture(picture: Pixels, resolution: number): WorkingPicture {
  const source = flattenOnWhite(picture)
  const factor = resolution / Math.min(source.width, source.height)
  const size = { width: roundEven(source.width * factor), height: roundEven(source.height * factor) }
  const isSame = size.width === source.width && size.height === source.height
  const fitted = isSame ? source : resizeRaster(source, size, factor > 1 ? 'cubic' : 'area')
  return { fitted, padded: pad(fitted) }
}

/** The part of a padded picture that is not padding. */
export function cutPadding<P extends { width: number; height: number; channels: number; data: Uint8Array }>(
  padded: P,
  { width, height }: { width: number; height: number },
): P {
  const { channels, data } = padded
  const output = new Uint8Array(width * height * channels)
  for (let y = 0; y < height; y += 1) {
    const from = y * padded.width * channels
    output.set(data.subarray(from, from + width * channels), y * width * channels)
  }
  return { ...padded, width, height, data: output }
}

/** A picture with alpha laid on white. */
export function flattenOnWhite({ width, height, channels, data }: Pixels): Pixels {
  if (channels === 3) return { width, height, channels, data }
  const output = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i += 1) {
    const alpha = Math.fround(data[4 * i + 3]! / 255)
    for (let c = 0; c < 3; c += 1) {
      const value = Math.fround(data[4 * i + c]! * alpha) + Math.fround(255 * Math.fround(1 - alpha))
      output[3 * i + c] = Math.min(Math.fround(value), 255)
    }
  }
  return { width, height, channels: 3, data: output }
}

function pad(picture: Pixels): Pixels {
  const [width, height] = [picture.width, picture.height].map(
    (side) => Math.ceil(side / PADDED) * PADDED,
  ) as [number, number]
  if (width === picture.width && height === picture.height) return picture
  const output = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y += 1) {
    const fromY = Math.min(y, picture.height - 1)
    for (let x = 0; x < width; x += 1) {
      const from = (fromY * picture.width + Math.min(x, picture.width - 1)) * 3
      output.set(picture.data.subarray(from, from + 3), (y * width + x) * 3)
    }
  }
  return { width, height, channels: 3, data: output }
}
