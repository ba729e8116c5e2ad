import type { Pixels } from '../image/pixels.ts'

/** Size of a picture, pixels. */
export interface Size {
  readonly width: number
  readonly height: number
}

/** Arrays that hold samples. */
export type Samples = Uint8Array | Float32Array | Float64Array

/** Samples of a picture row by row, channels beside each other: bytes, or floats of the same range. */
export interface Raster<Data extends Samples = Samples> {
  readonly width: number
  readonly height: number
  readonly channels: number
  /** height x width x channels. */
  readonly data: Data
}

/** A raster of bytes. */
export type ByteRaster = Raster<Uint8Array>

/** A raster of floats. */
export type FloatRaster = Raster<Float32Array>

/** A picture's bytes as floats. */
export function toFloats({ data, ...size }: ByteRaster): FloatRaster {
  return { ...size, data: Float32Array.from(data) }
}

/** Half to even, as C's rint rounds. */
export function roundEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}

/** Rounded and brought into the range of a byte. */
export function toByte(value: number): number {
  return Math.min(Math.max(roundEven(value), 0), 255)
}

/** One channel in three equal ones. */
export function spreadChannel({ width, height, data }: ByteRaster): Pixels {
  const output = new Uint8Array(3 * data.length)
  for (let i = 0; i < data.length; i += 1) output.fill(data[i]!, 3 * i, 3 * i + 3)
  return { width, height, channels: 3, data: output }
}

/** Index beyond the edge counted back from it, the edge itself not repeated. */
export function reflect(index: number, size: number): number {
  if (size === 1) return 0
  let at = index
  while (at < 0 || at >= size) at = at < 0 ? -at : 2 * (size - 1) - at
  return at
}

/** An array of the same kind. */
export function createLike<Data extends Samples>(data: Data, length: number): Data {
  const made =
    data instanceof Uint8Array
      ? new Uint8Array(length)
      : data instanceof Float32Array
        ? new Float32Array(length)
        : new Float64Array(length)
  return made as Data
}
