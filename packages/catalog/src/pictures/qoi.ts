import {
  requireBytes,
  requirePixels,
  requireSize,
  type PictureFormat,
  type PictureSize,
  type RawPicture,
} from './picture.ts'

/** The header: "qoif", width and height (big-endian), channels, colour space. */
const HEADER = 14
/** A byte says at most that so many pixels are as the last one. */
const LONGEST_RUN = 62

/** Quite OK Image (qoiformat.org, version 1.0). */
export const QOI: PictureFormat = {
  name: 'QOI',
  recognises: (bytes) => bytes.toString('latin1', 0, 4) === 'qoif',
  measure,
  read,
}

function measure(bytes: Buffer): PictureSize {
  requireBytes(bytes, HEADER, 'QOI')
  return requireSize({ width: bytes.readUInt32BE(4), height: bytes.readUInt32BE(8) }, 'QOI')
}

function read(bytes: Buffer): RawPicture {
  const size = measure(bytes)
  requirePixels(bytes, size.width * size.height, { mostPerByte: LONGEST_RUN, format: 'QOI' })
  const channels = bytes[12] === 3 ? 3 : 4
  const data = new Uint8Array(size.width * size.height * channels)
  const seen = new Uint8Array(4 * 64)
  const pixel = Uint8Array.of(0, 0, 0, 255)
  let at = HEADER
  for (let i = 0; i < data.length;) {
    requireBytes(bytes, at + 1, 'QOI')
    const { length, run } = takeOp(bytes, at, pixel, seen)
    requireBytes(bytes, at + length, 'QOI')
    at += length
    seen.set(pixel, 4 * hash(pixel))
    const end = Math.min(data.length, i + run * channels)
    for (; i < end; i += channels) for (let c = 0; c < channels; c += 1) data[i + c] = pixel[c]!
  }
  return { ...size, channels, data }
}

/**
 * Brings `pixel` to what the op at a place says; tells the op's bytes and how many pixels have it.
 * An op of three colours leaves the alpha as it was (Pillow 9.5 makes it opaque).
 */
function takeOp(
  bytes: Buffer,
  at: number,
  pixel: Uint8Array,
  seen: Uint8Array,
): { length: number; run: number } {
  const op = bytes[at]!
  if (op === 0xfe || op === 0xff) {
    const count = op === 0xfe ? 3 : 4
    pixel.set(bytes.subarray(at + 1, at + 1 + count))
    return { length: 1 + count, run: 1 }
  }
  const low = op & 63
  if (op >> 6 === 0) pixel.set(seen.subarray(4 * low, 4 * low + 4))
  if (op >> 6 === 1) add(pixel, ((op >> 4) & 3) - 2, ((op >> 2) & 3) - 2, (op & 3) - 2)
  if (op >> 6 === 2) {
    const second = bytes[at + 1] ?? 0
    const green = low - 32
    add(pixel, green + (second >> 4) - 8, green, green + (second & 15) - 8)
    return { length: 2, run: 1 }
  }
  return { length: 1, run: op >> 6 === 3 ? low + 1 : 1 }
}

function add(pixel: Uint8Array, red: number, green: number, blue: number): void {
  pixel[0]! += red
  pixel[1]! += green
  pixel[2]! += blue
}

function hash([red = 0, green = 0, blue = 0, alpha = 0]: Uint8Array): number {
  return (red * 3 + green * 5 + blue * 7 + alpha * 11) % 64
}
