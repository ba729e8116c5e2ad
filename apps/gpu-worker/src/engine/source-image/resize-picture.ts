import type { Pixels } from '../image/pixels.ts'
import { resizePixels } from './pillow-resize.ts'

/**
 * Resizes a picture of RGB or RGBA as Pillow does: colours are weighted by their alpha while they are mixed. One that has
 * the size already stays as it is.
 */
export function resizePicture(
  picture: Pixels,
  width: number,
  height: number,
  filter: 'lanczos' | 'nearest',
): Pixels {
  if (picture.width === width && picture.height === height) return picture
  if (picture.channels === 3 || filter === 'nearest') return resizePixels(picture, width, height, filter)
  return mapColours(resizePixels(mapColours(picture, premultiply), width, height, filter), unpremultiply)
}

/** Changes each colour by its pixel's alpha. */
export function mapColours(pixels: Pixels, map: (colour: number, alpha: number) => number): Pixels {
  const data = Uint8Array.from(pixels.data)
  for (let at = 0; at < data.length; at += 4) {
    for (let c = 0; c < 3; c += 1) data[at + c] = map(data[at + c]!, data[at + 3]!)
  }
  return { ...pixels, data }
}

/** A colour times alpha, in Pillow's rounding. */
export function premultiply(colour: number, alpha: number): number {
  const product = colour * alpha + 128
  return ((product >> 8) + product) >> 8
}

/** The reverse of `premultiply`. */
export function unpremultiply(colour: number, alpha: number): number {
  if (alpha === 0 || alpha === 255) return colour
  return Math.min(255, Math.floor((255 * colour) / alpha))
}
