import type { Pixels } from '../image/pixels.ts'
import { invertGrey, type Grey } from './grey.ts'

/** Pillow's division by 255 in integers. */
const divide255 = (value: number): number => ((value >> 8) + value) >> 8

/** Fraction bits of an alpha composition's shares. */
const SHARE_BITS = 7

/** What a mask leaves of a picture: colours multiplied by alpha, alpha = 255 - mask. */
export function keepUnmasked({ width, height, channels, data }: Pixels, mask: Grey): Pixels {
  const kept = invertGrey(mask).data
  const output = new Uint8Array(width * height * 4)
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) output[4 * i + c] = divide255(data[channels * i + c]! * kept[i]! + 128)
    output[4 * i + 3] = kept[i]!
  }
  return { width, height, channels: 4, data: output }
}

/** Colours multiplied by alpha to plain ones. */
export function unmultiply({ data, ...size }: Pixels): Pixels {
  const output = new Uint8Array(data)
  for (let at = 0; at < output.length; at += 4) {
    const alpha = output[at + 3]!
    if (alpha === 0 || alpha === 255) continue
    for (let c = 0; c < 3; c += 1) output[at + c] = Math.min(Math.floor((255 * output[at + c]!) / alpha), 255)
  }
  return { ...size, data: output }
}

/** Lays a picture with alpha over another with alpha, which is changed, from the upper left corner as far as both reach. */
export function layOver(under: Pixels, over: Pixels): void {
  const columns = Math.min(under.width, over.width)
  for (let y = 0; y < Math.min(under.height, over.height); y += 1) {
    const [to, from] = [under, over].map(({ data, width }) =>
      data.subarray(y * width * 4, (y * width + columns) * 4),
    ) as [Uint8Array, Uint8Array]
    layRowOver(to, from)
  }
}

function layRowOver(to: Uint8Array, from: Uint8Array): void {
  for (let at = 0; at < to.length; at += 4) {
    const alpha = from[at + 3]!
    if (alpha === 0) continue
    const whole = alpha * 255 + to[at + 3]! * (255 - alpha)
    const share = Math.floor((alpha * 255 * 255 * (1 << SHARE_BITS)) / whole)
    const rest = 255 * (1 << SHARE_BITS) - share
    for (let c = 0; c < 3; c += 1) {
      const sum = from[at + c]! * share + to[at + c]! * rest
      to[at + c] = divide255(sum + (128 << SHARE_BITS)) >> SHARE_BITS
    }
    to[at + 3] = divide255(whole + 128)
  }
}

/** The colours of a picture, alpha left out. */
export function dropAlpha({ width, height, channels, data }: Pixels): Pixels {
  if (channels === 3) return { width, height, channels, data }
  const output = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i += 1) output.set(data.subarray(4 * i, 4 * i + 3), 3 * i)
  return { width, height, channels: 3, data: output }
}
