import type { Pixels } from '../image/pixels.ts'
import { toLuminance, type Grey } from './grey.ts'

/** Alpha above this is repainted, where a mask is rounded. */
const ALPHA_THRESHOLD = 128

/**
 * A mask from a picture: its alpha where it is not opaque throughout (rounded to black and white if asked), else its
 * luminance as it is.
 */
export function readMask(picture: Pixels, rounds: boolean): Grey {
  const { width, height, data } = picture
  if (!isTransparent(picture)) return toLuminance(picture)
  const output = new Uint8Array(width * height)
  for (let i = 0; i < output.length; i += 1) {
    const alpha = data[4 * i + 3]!
    output[i] = rounds ? (alpha > ALPHA_THRESHOLD ? 255 : 0) : alpha
  }
  return { width, height, data: output }
}

function isTransparent({ channels, data }: Pixels): boolean {
  if (channels !== 4) return false
  for (let i = 3; i < data.length; i += 4) if (data[i] !== 255) return true
  return false
}
