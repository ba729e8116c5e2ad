import { roundEven } from './raster.ts'
import type { Pixels } from '../image/pixels.ts'

/** Fixed point of coordinates, and of the weights of four neighbours. */
const COORDINATE = 32
const WEIGHT = 1 << 15

/**
 * The picture that shows at each place what lies at (`across`, `down`) of the source, pixels, mixed of four neighbours;
 * black outside. As OpenCV's linear remap.
 */
export function remapRaster(source: Pixels, across: Float32Array, down: Float32Array): Pixels {
  const { width, height, channels, data } = source
  const output = new Uint8Array(data.length)
  for (let i = 0; i < across.length; i += 1) {
    const [x, y] = [across[i]!, down[i]!].map((value) => roundEven(value * COORDINATE)) as [number, number]
    const [left, top] = [x >> 5, y >> 5]
    const [shareX, shareY] = [(x & 31) / COORDINATE, (y & 31) / COORDINATE]
    for (let c = 0; c < channels; c += 1) {
      const value = (ox: number, oy: number): number => {
        const [nx, ny] = [left + ox, top + oy]
        return nx >= width || ny >= height || nx < 0 || ny < 0 ? 0 : data[(ny * width + nx) * channels + c]!
      }
      const sum =
        value(0, 0) * (1 - shareX) * (1 - shareY) +
        value(1, 0) * shareX * (1 - shareY) +
        value(0, 1) * (1 - shareX) * shareY +
        value(1, 1) * shareX * shareY
      output[i * channels + c] = Math.floor((sum * WEIGHT + WEIGHT / 2) / WEIGHT)
    }
  }
  return { ...source, data: output }
}
