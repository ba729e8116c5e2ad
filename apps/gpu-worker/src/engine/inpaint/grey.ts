import type { Pixels } from '../image/pixels.ts'

/** A grey picture of 8-bit samples, row by row: a mask, 255 = repaint. */
export interface Grey {
  readonly width: number
  readonly height: number
  /** height x width. */
  readonly data: Uint8Array
}

/** Rec. 601 luma in 16-bit fixed point, as Pillow turns colours to grey. */
const LUMA = { red: 19595, green: 38470, blue: 7471, half: 0x8000 }

/** The luminance of a picture; alpha is not looked at. */
export function toLuminance({ width, height, channels, data }: Pixels): Grey {
  const output = new Uint8Array(width * height)
  for (let i = 0; i < output.length; i += 1) {
    const at = channels * i
    const sum = data[at]! * LUMA.red + data[at + 1]! * LUMA.green + data[at + 2]! * LUMA.blue + LUMA.half
    output[i] = sum >>> 16
  }
  return { width, height, data: output }
}

/** A grey picture in three equal channels. */
export function toColours({ width, height, data }: Grey): Pixels {
  const output = new Uint8Array(3 * data.length)
  for (let i = 0; i < data.length; i += 1) output.fill(data[i]!, 3 * i, 3 * i + 3)
  return { width, height, channels: 3, data: output }
}

/** The first channel of a picture. */
export function takeRed({ width, height, channels, data }: Pixels): Grey {
  const output = new Uint8Array(width * height)
  for (let i = 0; i < output.length; i += 1) output[i] = data[channels * i]!
  return { width, height, data: output }
}

/** Black for white and white for black. */
export function invertGrey({ width, height, data }: Grey): Grey {
  return { width, height, data: data.map((value) => 255 - value) }
}
