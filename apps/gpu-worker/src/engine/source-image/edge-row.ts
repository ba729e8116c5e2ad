import type { Pixels } from '../image/pixels.ts'

/** Bicubic weights half a row and one and a half beyond the edge, normalised, in Pillow's 22-bit fixed point. */
const NEAR = 4718592
const FAR = -524288
const ONE = 2 ** 22

/**
 * The row that a band beside a picture is filled with: Pillow, told to stretch a box without height at the edge, mixes
 * the two outermost rows bicubically.
 */
export function stretchRow({ width, height, channels, data }: Pixels, which: 'first' | 'last'): Uint8Array {
  const length = width * channels
  const edge = which === 'first' ? 0 : height - 1
  const next = which === 'first' ? Math.min(1, height - 1) : Math.max(height - 2, 0)
  const row = new Uint8Array(length)
  for (let i = 0; i < length; i += 1) {
    const sum = data[edge * length + i]! * NEAR + data[next * length + i]! * FAR + ONE / 2
    row[i] = Math.min(Math.max(Math.floor(sum / ONE), 0), 255)
  }
  return row
}
