import type { Pixels } from '../image/pixels.ts'
import type { Raster } from '../opencv/raster.ts'

/** A control picture as it is shown: bytes, its mask as half transparency. */
export function showMap({ width, height, channels, data }: Raster): Pixels {
  const output = new Uint8Array(data.length)
  for (let i = 0; i < data.length; i += 1) {
    const value = Math.trunc(Math.min(Math.max(data[i]!, 0), 255))
    output[i] = channels === 4 && i % 4 === 3 ? 255 - (value >> 1) : value
  }
  return { width, height, channels: channels === 4 ? 4 : 3, data: output }
}
