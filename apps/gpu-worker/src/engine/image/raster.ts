/** A picture in memory: rows from the top, 8 bits a channel, red first; with 4 channels the last is alpha, not premultiplied. */
export interface Raster {
  readonly width: number
  readonly height: number
  readonly channels: 3 | 4
  /** width × height × channels bytes. */
  readonly data: Uint8Array
}

/** Joins a size and its bytes; throws RangeError when they disagree. */
export function createRaster(size: Pick<Raster, 'width' | 'height' | 'channels'>, data: Uint8Array): Raster {
  const { width, height, channels } = size
  const count = width * height * channels
  if (data.length !== count) {
    throw new RangeError(
      `a picture of ${width} x ${height} with ${channels} channels has ${count} bytes, got ${data.length}`,
    )
  }
  return { width, height, channels, data }
}

/** Turns values of 0 to 1 into bytes as both originals do: clamped, scaled, cut off, not rounded. NaN gives 0. */
export function quantize(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.length)
  for (let index = 0; index < values.length; index++) {
    // The product is taken in float32, as the originals take it, so that bytes divided by 255 come back as they were.
    bytes[index] = Math.fround(Math.min(1, Math.max(0, values[index]!)) * 255)
  }
  return bytes
}
