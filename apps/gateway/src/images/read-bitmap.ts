/** A decoded picture: rows from the top, 3 or 4 bytes a pixel. */
export interface Bitmap {
  readonly width: number
  readonly height: number
  readonly channels: 3 | 4
  readonly data: Uint8Array
}

/** Smallest file with the header that has sizes of 32 bits, bytes. */
const FILE_HEADER = 14
const INFO_HEADER = 40

/** Ways of writing pixels: plain, and with masks that say where the colours are. */
const PLAIN = 0
const MASKED = 3

/** Whether a file begins as a BMP with sizes of 32 bits does, and has any. */
export function isBitmap(bytes: Buffer): boolean {
  if (bytes.length < FILE_HEADER + INFO_HEADER || bytes.toString('latin1', 0, 2) !== 'BM') return false
  const { width, height } = measureBitmap(bytes)
  return width > 0 && height > 0
}

/** The size a BMP's header tells; rows may run upwards or downwards. */
export function measureBitmap(bytes: Buffer): { width: number; height: number } {
  return { width: bytes.readInt32LE(18), height: Math.abs(bytes.readInt32LE(22)) }
}

/**
 * Decodes a BMP, a format that sharp does not know: 1, 4, 8, 16, 24 or 32 bits a pixel, not compressed. No library of npm
 * does: of the seven kinds in the test, bmp-ts 1.0.9 decodes four otherwise than Pillow, fast-bmp 4.0.1 refuses three.
 * @throws RangeError for one that is cut off, or written in another way
 */
export function readBitmap(bytes: Buffer): Bitmap {
  const { width, height } = measureBitmap(bytes)
  const [bits, compression] = [bytes.readUInt16LE(28), bytes.readUInt32LE(30)]
  if (compression !== PLAIN && compression !== MASKED)
    throw new RangeError('compressed BMP files are not read')
  const masks = readMasks(bytes, bits, compression === MASKED)
  const colourAt = chooseReader(bytes, bits, masks)
  const rowBytes = Math.ceil((width * bits) / 32) * 4
  const start = bytes.readUInt32LE(10)
  if (start + rowBytes * height > bytes.length) throw new RangeError('a BMP file is cut off')
  const channels = masks.alpha === 0 ? 3 : 4
  const data = new Uint8Array(width * height * channels)
  const isUpward = bytes.readInt32LE(22) > 0
  for (let y = 0; y < height; y += 1) {
    const row = start + rowBytes * (isUpward ? height - 1 - y : y)
    for (let x = 0; x < width; x += 1)
      data.set(colourAt(row, x).slice(0, channels), (y * width + x) * channels)
  }
  return { width, height, channels, data }
}

type ColourAt = (row: number, column: number) => readonly number[]

function chooseReader(bytes: Buffer, bits: number, { red, green, blue, alpha }: Masks): ColourAt {
  if (bits === 24) {
    return (row, x) => [bytes[row + 3 * x + 2]!, bytes[row + 3 * x + 1]!, bytes[row + 3 * x]!]
  }
  if (bits === 16 || bits === 32) {
    const width = bits / 8
    return (row, x) => {
      const value = bits === 16 ? bytes.readUInt16LE(row + width * x) : bytes.readUInt32LE(row + width * x)
      return [red, green, blue, alpha].map((mask) => takeMasked(value, mask))
    }
  }
  if (bits !== 1 && bits !== 4 && bits !== 8) throw new RangeError(`BMP files of ${bits} bits are not read`)
  const palette = FILE_HEADER + bytes.readUInt32LE(FILE_HEADER)
  return (row, x) => {
    const at = x * bits
    const index = (bytes[row + (at >> 3)]! >> (8 - bits - (at & 7))) & (2 ** bits - 1)
    const colour = palette + 4 * index
    return [bytes[colour + 2] ?? 0, bytes[colour + 1] ?? 0, bytes[colour] ?? 0]
  }
}

interface Masks {
  readonly red: number
  readonly green: number
  readonly blue: number
  /** 0: the file has none. */
  readonly alpha: number
}

function readMasks(bytes: Buffer, bits: number, isMasked: boolean): Masks {
  if (!isMasked) {
    return bits === 16
      ? { red: 0x7c00, green: 0x3e0, blue: 0x1f, alpha: 0 }
      : { red: 0xff0000, green: 0xff00, blue: 0xff, alpha: 0 }
  }
  const at = FILE_HEADER + INFO_HEADER
  const hasAlpha = bytes.readUInt32LE(FILE_HEADER) >= INFO_HEADER + 16
  const [red, green, blue] = [at, at + 4, at + 8].map((place) => bytes.readUInt32LE(place)) as [
    number,
    number,
    number,
  ]
  return { red, green, blue, alpha: hasAlpha ? bytes.readUInt32LE(at + 12) : 0 }
}

/** The bits of a mask as a number from 0 to 255. */
function takeMasked(value: number, mask: number): number {
  if (mask === 0) return 0
  const shift = 31 - Math.clz32(mask & -mask)
  const most = mask >>> shift
  return Math.floor((((value & mask) >>> shift) * 255) / most)
}
