/** Size of a picture, pixels. */
export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** A decoded picture: rows from the top, 3 (colours) or 4 (colours and alpha) bytes a pixel. */
export interface RawPicture extends PictureSize {
  readonly channels: 3 | 4
  readonly data: Uint8Array
}

/** A way of writing pictures that is decoded here. */
export interface PictureFormat {
  /** Pillow's name of it. */
  readonly name: string
  /** Whether a file begins as this format's do. */
  recognises(bytes: Buffer): boolean
  /** @throws RangeError where the header says what no picture can be, or what is not read */
  measure(bytes: Buffer): PictureSize
  /** @throws RangeError where the file is cut off or damaged */
  read(bytes: Buffer): RawPicture
  /** What Pillow tells of a file beside its pixels; absent: nothing. */
  describe?(bytes: Buffer): ReadonlyMap<string, PictureFact>
}

/** A fact of a picture; a list holds sizes. */
export type PictureFact = string | number | readonly (readonly [number, number])[]

/** Colours of a palette, three bytes each. */
export type Palette = Uint8Array
const COLOURS = 256

/** A palette as Pillow's begin: numbers that a file gives no colour are shades of grey. */
export function createPalette(): Palette {
  return Uint8Array.from({ length: 3 * COLOURS }, (_, i) => Math.floor(i / 3))
}

/** @throws RangeError unless a file holds all bytes before `end` */
export function requireBytes(bytes: Buffer, end: number, format: string): void {
  if (bytes.length < end)
    throw new RangeError(`a ${format} file is cut off: ${end} bytes are needed, ${bytes.length} are there`)
}

/** @throws RangeError for a file too short to hold `count` pixels, whatever is in it, so that none asks for much with little */
export function requirePixels(
  bytes: Buffer,
  count: number,
  { mostPerByte, format }: { readonly mostPerByte: number; readonly format: string },
): void {
  requireBytes(bytes, Math.ceil(count / mostPerByte), format)
}

/** @throws RangeError for a size of nothing */
export function requireSize(size: PictureSize, format: string): PictureSize {
  if (size.width > 0 && size.height > 0) return size
  throw new RangeError(`a ${format} file has no pixels: ${size.width}x${size.height}`)
}

/** The number that `bits` (1, 2, 4 or 8) bits of a row say, from the highest of a byte on. */
export function takeBits(row: Uint8Array, x: number, bits: number): number {
  const at = x * bits
  return (row[at >> 3]! >> (8 - bits - (at & 7))) & (2 ** bits - 1)
}

/** Grey samples as colours. */
export function fromGrey(size: PictureSize, samples: Uint8Array): RawPicture {
  const data = new Uint8Array(3 * size.width * size.height)
  for (let i = 0; i < data.length / 3; i += 1) data.fill(samples[i]!, 3 * i, 3 * i + 3)
  return { ...size, channels: 3, data }
}

/** Numbers of a palette as colours. */
export function fromPalette(size: PictureSize, numbers: Uint8Array, palette: Palette): RawPicture {
  const data = new Uint8Array(3 * size.width * size.height)
  for (let i = 0; i < data.length / 3; i += 1) {
    const at = 3 * numbers[i]!
    data[3 * i] = palette[at]!
    data[3 * i + 1] = palette[at + 1]!
    data[3 * i + 2] = palette[at + 2]!
  }
  return { ...size, channels: 3, data }
}
