import { isPng } from '../png/chunks.ts'
import { measureDib, readDibHeader } from './dib.ts'
import { readDib } from './dib-pixels.ts'
import { requireBytes, takeBits, type PictureFormat, type RawPicture } from './picture.ts'

/** Reserved, kind (1: icons), how many pictures; then an entry for each. */
const HEADER = 6
const ENTRY = 16
/** A side written as 0. */
const LARGEST_SIDE = 256

/** Windows icons: the largest picture of the file counts. Those that hold it as PNG are `takePngOfIcon`'s. */
export const ICO: PictureFormat = {
  name: 'ICO',
  // A file of no pictures may be a TGA one.
  recognises: (bytes) =>
    bytes.toString('latin1', 0, 4) === '\0\0\u0001\0' && bytes.length >= HEADER && bytes.readUInt16LE(4) > 0,
  measure: (bytes) => {
    const { width, height } = measureDib(bytes, chooseEntry(bytes).offset)
    return { width, height: Math.floor(height / 2) }
  },
  read,
  describe: (bytes) => {
    const sizes = readEntries(bytes).map(({ width, height }) => `${width} ${height}`)
    const unique = [...new Set(sizes)].map((size) => size.split(' ').map(Number) as [number, number])
    return new Map([['sizes', unique]])
  },
}

/** The PNG file in an icon whose largest picture is one; undefined for all else. */
export function takePngOfIcon(bytes: Buffer): Buffer | undefined {
  if (!ICO.recognises(bytes)) return undefined
  const { offset, length } = chooseEntry(bytes)
  const picture = bytes.subarray(offset, offset + length)
  return isPng(picture) ? picture : undefined
}

interface Entry {
  readonly width: number
  readonly height: number
  /** Bits of a pixel; 0: not told. */
  readonly bits: number
  /** What Pillow ranks pictures of one size by. */
  readonly depth: number
  readonly length: number
  readonly offset: number
}

function readEntries(bytes: Buffer): readonly Entry[] {
  requireBytes(bytes, HEADER + ENTRY, 'ICO')
  const count = bytes.readUInt16LE(4)
  requireBytes(bytes, HEADER + ENTRY * count, 'ICO')
  if (count === 0) throw new RangeError('an ICO file has no pictures')
  return Array.from({ length: count }, (_, i) => {
    const at = HEADER + ENTRY * i
    const [colours, bits] = [bytes[at + 2]!, bytes.readUInt16LE(at + 6)]
    return {
      width: bytes[at]! || LARGEST_SIDE,
      height: bytes[at + 1]! || LARGEST_SIDE,
      bits,
      depth: bits || (colours > 0 && Math.ceil(Math.log2(colours))) || 256,
      length: bytes.readUInt32LE(at + 8),
      offset: bytes.readUInt32LE(at + 12),
    }
  })
}

/** The largest picture; of several the one of most colours, and of those the last. */
function chooseEntry(bytes: Buffer): Entry {
  const area = ({ width, height }: Entry) => width * height
  return readEntries(bytes).reduce((best, entry) => {
    const order = area(entry) - area(best) || entry.depth - best.depth
    return order >= 0 ? entry : best
  })
}

function read(bytes: Buffer): RawPicture {
  const entry = chooseEntry(bytes)
  const header = readDibHeader(bytes, entry.offset, { isDouble: true })
  const { width, height, channels, data } = readDib(bytes, header, header.end)
  const alphaAt = createAlpha(bytes, entry, { width, height, pixelsAt: header.end })
  const colours = new Uint8Array(4 * width * height)
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) colours[4 * i + c] = data[channels * i + c]!
    colours[4 * i + 3] = alphaAt(i % width, Math.floor(i / width))
  }
  return { width, height, channels: 4, data: colours }
}

/** The alpha of pixels: every fourth byte of 32 bits, else the mask of bits at the picture's end; rows run upwards. */
function createAlpha(
  bytes: Buffer,
  { bits, offset, length }: Entry,
  { width, height, pixelsAt }: { readonly width: number; readonly height: number; readonly pixelsAt: number },
): (x: number, y: number) => number {
  if (bits === 32) {
    requireBytes(bytes, pixelsAt + 4 * width * height, 'ICO')
    return (x, y) => bytes[pixelsAt + 4 * ((height - 1 - y) * width + x) + 3]!
  }
  const rowBytes = Math.ceil(width / 32) * 4
  const at = offset + length - rowBytes * height
  if (at < 0) throw new RangeError('the mask of an ICO file is cut off')
  requireBytes(bytes, at + rowBytes * height, 'ICO')
  return (x, y) => {
    const row = at + rowBytes * (height - 1 - y)
    return 255 * (1 - takeBits(bytes.subarray(row, row + rowBytes), x, 1))
  }
}
