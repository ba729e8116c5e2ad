import { RUNS_OF_4, RUNS_OF_8, type DibHeader, type Masks } from './dib.ts'
import { fromPalette, requireBytes, requirePixels, takeBits, type RawPicture } from './picture.ts'

/** Decodes the pixels that begin at a place. @throws RangeError where they are cut off */
export function readDib(bytes: Buffer, header: DibHeader, pixelsAt: number): RawPicture {
  const { width, height, bits, compression } = header
  const size = { width, height }
  if (compression === RUNS_OF_8 || compression === RUNS_OF_4) {
    const lines = readRuns(bytes, header, pixelsAt)
    return fromPalette(size, turnRows(lines, header), header.palette)
  }
  const rowBytes = Math.ceil((width * bits) / 32) * 4
  requireBytes(bytes, pixelsAt + rowBytes * height, 'BMP')
  const rowOf = (y: number) => {
    const at = pixelsAt + rowBytes * (header.isDownward ? y : height - 1 - y)
    return bytes.subarray(at, at + rowBytes)
  }
  if (bits > 8) return readColours(header, rowOf)
  const numbers = new Uint8Array(width * height)
  for (let y = 0; y < height; y += 1) {
    const row = rowOf(y)
    for (let x = 0; x < width; x += 1) numbers[y * width + x] = takeBits(row, x, bits)
  }
  return fromPalette(size, numbers, header.palette)
}

function readColours(header: DibHeader, rowOf: (y: number) => Buffer): RawPicture {
  const { width, height, bits, masks } = header
  const channels = masks.alpha === 0 ? 3 : 4
  const data = new Uint8Array(width * height * channels)
  const parts = toParts(masks).slice(0, channels)
  const wide = bits / 8
  for (let y = 0, to = 0; y < height; y += 1) {
    const row = rowOf(y)
    for (let x = 0; x < width; x += 1) {
      const pixel = row.readUIntLE(x * wide, wide)
      for (const { mask, shift, most } of parts)
        data[to++] =
          most === 255 ? (pixel & mask) >>> shift : Math.floor((((pixel & mask) >>> shift) * 255) / most)
    }
  }
  return { width, height, channels, data }
}

/** Masks with how far their bits are from the lowest, and the most that they hold; those of nothing give 0. */
function toParts({ red, green, blue, alpha }: Masks) {
  return [red, green, blue, alpha].map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask)
    return { mask, shift, most: mask === 0 ? 1 : mask >>> shift }
  })
}

/** Pixels of a run, which has two bytes. */
const LONGEST_RUN = 255
/** What follows a count of none. */
const [END_OF_LINE, END_OF_PICTURE, MOVE] = [0, 1, 2]

/** Numbers of the palette in the file's own order of rows, from runs; what no run reaches is the first colour. */
function readRuns(bytes: Buffer, { width, height, compression }: DibHeader, from: number): Uint8Array {
  requirePixels(bytes, width * height, { mostPerByte: LONGEST_RUN / 2, format: 'BMP' })
  const numbers = new Uint8Array(width * height)
  const isHalf = compression === RUNS_OF_4
  const numberOf = (at: number, i: number) => (isHalf ? takeBits(bytes.subarray(at), i, 4) : bytes[at + i]!)
  let [at, x, y] = [from, 0, 0]
  while (y < height) {
    requireBytes(bytes, at + 2, 'BMP')
    const [count, value] = [bytes[at]!, bytes[at + 1]!]
    at += 2
    if (count > 0) {
      // A run repeats one byte: one number, or two in turn.
      for (let i = 0; i < count && x < width; i += 1, x += 1)
        numbers[y * width + x] = isHalf ? numberOf(at - 1, i % 2) : value
    } else if (value === END_OF_LINE) {
      ;[x, y] = [0, y + 1]
    } else if (value === END_OF_PICTURE) {
      break
    } else if (value === MOVE) {
      requireBytes(bytes, at + 2, 'BMP')
      ;[x, y] = [x + bytes[at]!, y + bytes[at + 1]!]
      at += 2
    } else {
      const length = isHalf ? Math.ceil(value / 2) : value
      requireBytes(bytes, at + length, 'BMP')
      for (let i = 0; i < value && x < width; i += 1, x += 1) numbers[y * width + x] = numberOf(at, i)
      at += length + (length % 2)
    }
  }
  return numbers
}

function turnRows(numbers: Uint8Array, { width, height, isDownward }: DibHeader): Uint8Array {
  if (isDownward) return numbers
  const turned = new Uint8Array(numbers.length)
  for (let y = 0; y < height; y += 1)
    turned.set(numbers.subarray(y * width, (y + 1) * width), (height - 1 - y) * width)
  return turned
}
