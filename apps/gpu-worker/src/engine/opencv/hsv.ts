import { roundEven, toByte } from './raster.ts'

/** Fixed point of the tables that divide, and the hues there are: 180 fit a byte. */
const SHIFT = 12
const HALF = 1 << (SHIFT - 1)
const HUES = 180
/** Hues of one of the six sectors. */
const SECTOR = HUES / 6

const divisions = (of: number) =>
  Int32Array.from({ length: 256 }, (_, i) => (i === 0 ? 0 : roundEven((of * (1 << SHIFT)) / i)))
const SATURATIONS = divisions(255)
const HUE_SHARES = divisions(HUES / 6)

/** Red, green and blue bytes to hue (0 to 179), saturation and value, pixel after pixel, in OpenCV's integers. */
export function toHsv(colours: Uint8Array): Uint8Array {
  const output = new Uint8Array(colours.length)
  for (let at = 0; at < colours.length; at += 3) {
    const [red, green, blue] = [colours[at]!, colours[at + 1]!, colours[at + 2]!]
    const value = Math.max(red, green, blue)
    const spread = value - Math.min(red, green, blue)
    const turn =
      value === red ? green - blue : value === green ? blue - red + 2 * spread : red - green + 4 * spread
    const hue = (turn * HUE_SHARES[spread]! + HALF) >> SHIFT
    output[at] = hue < 0 ? hue + HUES : hue
    output[at + 1] = (spread * SATURATIONS[value]! + HALF) >> SHIFT
    output[at + 2] = value
  }
  return output
}

/** The reverse of `toHsv`. */
export function fromHsv(hsv: Uint8Array): Uint8Array {
  const output = new Uint8Array(hsv.length)
  for (let at = 0; at < hsv.length; at += 3) {
    const [hue, saturation, value] = [hsv[at]! / SECTOR, hsv[at + 1]! / 255, hsv[at + 2]! / 255]
    const sector = Math.floor(hue) % 6
    const share = hue - Math.floor(hue)
    const low = value * (1 - saturation)
    const falling = value * (1 - saturation * share)
    const rising = value * (1 - saturation * (1 - share))
    const sectors = [
      [value, rising, low],
      [falling, value, low],
      [low, value, rising],
      [low, falling, value],
      [rising, low, value],
      [value, low, falling],
    ]
    sectors[sector]!.forEach((part, c) => (output[at + c] = toByte(part * 255)))
  }
  return output
}
