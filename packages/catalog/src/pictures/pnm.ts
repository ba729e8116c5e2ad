import {
  fromGrey,
  requireBytes,
  requireSize,
  takeBits,
  type PictureFormat,
  type PictureSize,
  type RawPicture,
} from './picture.ts'

/** Bytes of white space (netpbm). */
const SPACE: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0b, 0x0c, 0x0d])
const [HASH, LINE_FEED, RETURN] = [0x23, 0x0a, 0x0d]
/** Longest number in digits. */
const MAX_DIGITS = 10

/** Portable bitmaps, greymaps and pixmaps (netpbm, P1 to P6), binary and plain. */
export const PNM: PictureFormat = {
  name: 'PPM',
  recognises: (bytes) => bytes[0] === 0x50 && bytes[1]! >= 0x31 && bytes[1]! <= 0x36 && SPACE.has(bytes[2]),
  measure: (bytes) => {
    const { width, height } = readHeader(bytes)
    return { width, height }
  },
  read,
}

interface Header extends PictureSize {
  readonly kind: 'bits' | 'grey' | 'colours'
  readonly isPlain: boolean
  /** Largest value of a sample; 1 for bits. */
  readonly most: number
  readonly pixelsAt: number
}

const KINDS = ['bits', 'grey', 'colours'] as const

function readHeader(bytes: Buffer): Header {
  const digit = bytes[1]! - 0x30
  const kind = KINDS[(digit - 1) % 3]!
  let at = 2
  const next = () => {
    const token = takeNumber(bytes, at)
    at = token.end
    return token.value
  }
  const size = requireSize({ width: next(), height: next() }, 'PPM')
  const most = kind === 'bits' ? 1 : next()
  if (most < 1 || most > 65_535) throw new RangeError(`samples of a PPM file may be 1 to 65535, got ${most}`)
  return { ...size, kind, isPlain: digit <= 3, most, pixelsAt: at }
}

/** The number at or after a place, and the place after the one byte of white space that ends it. */
function takeNumber(bytes: Buffer, from: number): { value: number; end: number } {
  let digits = ''
  let at = from
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at]!
    if (byte === HASH) at = skipComment(bytes, at)
    else if (!SPACE.has(byte)) digits += String.fromCharCode(byte)
    else if (digits !== '') break
    if (digits.length > MAX_DIGITS) break
  }
  if (!/^\d{1,10}$/.test(digits)) throw new RangeError(`a PPM file has no number at byte ${from}`)
  return { value: Number(digits), end: at + 1 }
}

/** The last byte of the comment that begins at a place. */
function skipComment(bytes: Buffer, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at] !== LINE_FEED && bytes[at] !== RETURN) at += 1
  return at
}

function read(bytes: Buffer): RawPicture {
  const header = readHeader(bytes)
  const { width, height, kind } = header
  const count = width * height * (kind === 'colours' ? 3 : 1)
  const samples = header.isPlain ? readPlain(bytes, header, count) : readBinary(bytes, header, count)
  if (kind === 'colours') return { width, height, channels: 3, data: samples }
  return fromGrey({ width, height }, samples)
}

/** Each value of a sample as 8 bits. Pillow keeps deep grey as it is, and cuts off at 255 when colours are made of it. */
function createScale({ kind, most }: Header): Uint8Array {
  const target = kind === 'grey' && most > 255 ? 65_535 : 255
  return Uint8Array.from({ length: most < 256 ? 256 : 65_536 }, (_, value) =>
    kind === 'bits' ? 255 * (1 - value) : Math.min(255, roundHalfEven((value / most) * target)),
  )
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  return value - floor === 0.5 ? floor + (floor % 2) : Math.round(value)
}

function readBinary(bytes: Buffer, header: Header, count: number): Uint8Array {
  const { kind, width, height, most, pixelsAt: at } = header
  const rowBytes = Math.ceil(width / 8)
  const wide = most < 256 ? 1 : 2
  requireBytes(bytes, at + (kind === 'bits' ? rowBytes * height : wide * count), 'PPM')
  if (most === 255) return new Uint8Array(bytes.subarray(at, at + count))
  const scale = createScale(header)
  if (kind === 'bits') {
    const samples = new Uint8Array(count)
    for (let y = 0; y < height; y += 1) {
      const row = bytes.subarray(at + rowBytes * y)
      for (let x = 0; x < width; x += 1) samples[width * y + x] = scale[takeBits(row, x, 1)]!
    }
    return samples
  }
  const samples = new Uint8Array(count)
  for (let i = 0; i < count; i += 1)
    samples[i] = scale[wide === 1 ? bytes[at + i]! : bytes.readUInt16BE(at + 2 * i)]!
  return samples
}

function readPlain(bytes: Buffer, header: Header, count: number): Uint8Array {
  const { kind, most, pixelsAt } = header
  // A sample has a byte at least, and bits need nothing between them.
  requireBytes(bytes, pixelsAt + count, 'PPM')
  const scale = createScale(header)
  const samples = new Uint8Array(count)
  let at = pixelsAt
  for (let i = 0; i < count; i += 1) {
    while (SPACE.has(bytes[at]) || bytes[at] === HASH)
      at = (bytes[at] === HASH ? skipComment(bytes, at) : at) + 1
    const start = at
    let value = 0
    for (; isDigit(bytes[at]) && at - start < (kind === 'bits' ? 1 : MAX_DIGITS); at += 1)
      value = 10 * value + bytes[at]! - 0x30
    if (at === start) throw new RangeError(`a PPM file has no number at byte ${at}`)
    if (value > most) throw new RangeError(`samples of this PPM file may be 0 to ${most}, got ${value}`)
    samples[i] = scale[value]!
  }
  return samples
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
