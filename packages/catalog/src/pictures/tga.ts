import {
  createPalette,
  fromGrey,
  fromPalette,
  requireBytes,
  requirePixels,
  takeBits,
  type Palette,
  type PictureFact,
  type PictureFormat,
  type PictureSize,
  type RawPicture,
} from './picture.ts'

const HEADER = 18
/** What pixels are, by the type's low bits; its bit 8 says that runs are shortened. */
const [NUMBERS, COLOURS, GREY, SHORTENED] = [1, 2, 3, 8]
/** Depths that are read of each. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  [NUMBERS]: [8],
  [COLOURS]: [16, 24, 32],
  [GREY]: [1, 8, 16],
}
/** In the descriptor: columns run leftwards, rows downwards. */
const [LEFTWARDS, DOWNWARDS] = [0x10, 0x20]
/** Pixels of a packet, which has two bytes at least. */
const LONGEST_RUN = 128
/** White in five bits. */
const FIVE_BITS = 31

/** Truevision TGA. It has no magic number: what its header may not hold tells it from other files. */
export const TGA: PictureFormat = { name: 'TGA', recognises, measure, read, describe }

function recognises(bytes: Buffer): boolean {
  if (bytes.length < HEADER || bytes.toString('latin1', 4, 8) === 'ftyp') return false
  const { kind, depth, isShortened } = readType(bytes)
  const { width, height } = measure(bytes)
  const isKnown = (bytes[2]! & ~(SHORTENED | 3)) === 0 && DEPTHS[kind]?.includes(depth) === true
  return bytes[1]! <= 1 && isKnown && !(isShortened && depth === 1) && width > 0 && height > 0
}

function readType(bytes: Buffer) {
  const type = bytes[2]!
  return { kind: type & 3, depth: bytes[16]!, isShortened: (type & SHORTENED) !== 0 }
}

function measure(bytes: Buffer): PictureSize {
  return { width: bytes.readUInt16LE(12), height: bytes.readUInt16LE(14) }
}

function describe(bytes: Buffer): ReadonlyMap<string, PictureFact> {
  const facts = new Map<string, PictureFact>([['orientation', (bytes[17]! & DOWNWARDS) === 0 ? -1 : 1]])
  if (readType(bytes).isShortened) facts.set('compression', 'tga_rle')
  const length = bytes[0]!
  if (length > 0) facts.set('id_section', bytes.toString('utf8', HEADER, HEADER + length))
  return facts
}

function read(bytes: Buffer): RawPicture {
  const size = measure(bytes)
  const { kind, depth, isShortened } = readType(bytes)
  requirePixels(bytes, size.width * size.height, { mostPerByte: LONGEST_RUN / 2, format: 'TGA' })
  const { palette, end } = readPalette(bytes)
  const rowBytes = Math.ceil((size.width * depth) / 8)
  const length = rowBytes * size.height
  if (!isShortened) requireBytes(bytes, end + length, 'TGA')
  const packed = isShortened ? lengthenRuns(bytes, end, { length, depth }) : bytes.subarray(end, end + length)
  const rows = turnRows(packed, { ...size, depth, rowBytes }, bytes[17]!)
  if (kind === NUMBERS) return fromPalette(size, rows, palette)
  return kind === GREY ? readGrey(size, rows, depth) : readColours(size, rows, depth)
}

/** Colours that the numbers stand for; a file of colours may bring a palette too. */
function readPalette(bytes: Buffer): { palette: Palette; end: number } {
  const at = HEADER + bytes[0]!
  const palette = createPalette()
  if (bytes[1] === 0) return { palette, end: at }
  const [first, count, depth] = [bytes.readUInt16LE(3), bytes.readUInt16LE(5), bytes[7]!]
  const wide = Math.ceil(depth / 8)
  const end = at + count * wide
  requireBytes(bytes, end, 'TGA')
  for (let i = 0; i < count && first + i < 256; i += 1)
    palette.set(takeColour(bytes, at + i * wide, wide), 3 * (first + i))
  // Numbers before the first colour are black.
  palette.fill(0, 0, 3 * Math.min(first, 256))
  return { palette, end }
}

/** A colour of 2 (five bits each), 3 or 4 bytes, blue first. */
function takeColour(bytes: Uint8Array, at: number, wide: number): [number, number, number] {
  if (wide > 2) return [bytes[at + 2]!, bytes[at + 1]!, bytes[at]!]
  const value = bytes[at]! | (bytes[at + 1]! << 8)
  const scale = (five: number) => Math.floor(((five & FIVE_BITS) * 255) / FIVE_BITS)
  return [scale(value >> 10), scale(value >> 5), scale(value)]
}

/** Packets of a count and pixels: one pixel for all, or each its own. */
function lengthenRuns(
  bytes: Buffer,
  from: number,
  { length, depth }: { readonly length: number; readonly depth: number },
): Uint8Array {
  const wide = depth / 8
  const output = new Uint8Array(length)
  let at = from
  for (let filled = 0; filled < length;) {
    requireBytes(bytes, at + 1, 'TGA')
    const count = ((bytes[at]! & 127) + 1) * wide
    const isRun = bytes[at]! > 127
    const source = bytes.subarray(at + 1, at + 1 + (isRun ? wide : count))
    requireBytes(bytes, at + 1 + (isRun ? wide : count), 'TGA')
    const end = Math.min(length, filled + count)
    for (let i = 0; filled < end; i += 1, filled += 1) output[filled] = source[isRun ? i % wide : i]!
    at += 1 + source.length
  }
  return output
}

interface RowShape extends PictureSize {
  readonly depth: number
  readonly rowBytes: number
}

/** Rows from the top and columns from the left, whichever way a file has them; bits become a byte each. */
function turnRows(packed: Uint8Array, shape: RowShape, descriptor: number): Uint8Array {
  const { width, height, depth, rowBytes } = shape
  const wide = Math.ceil(depth / 8)
  const rows = new Uint8Array(width * height * wide)
  for (let y = 0; y < height; y += 1) {
    const from = (descriptor & DOWNWARDS) === 0 ? height - 1 - y : y
    const row = packed.subarray(from * rowBytes, (from + 1) * rowBytes)
    for (let x = 0; x < width; x += 1) {
      const column = (descriptor & LEFTWARDS) === 0 ? x : width - 1 - x
      const at = (y * width + x) * wide
      if (depth === 1) rows[at] = 255 * takeBits(row, column, 1)
      else for (let i = 0; i < wide; i += 1) rows[at + i] = row[column * wide + i]!
    }
  }
  return rows
}

/** Grey; the alpha that 16 bits hold does not count, as in A1111. */
function readGrey(size: PictureSize, rows: Uint8Array, depth: number): RawPicture {
  return fromGrey(size, depth === 16 ? rows.filter((_, i) => i % 2 === 0) : rows)
}

function readColours(size: PictureSize, rows: Uint8Array, depth: number): RawPicture {
  const wide = depth / 8
  const channels = depth === 32 ? 4 : 3
  const data = new Uint8Array(size.width * size.height * channels)
  for (let from = 0, to = 0; to < data.length; from += wide, to += channels) {
    if (wide === 2) {
      data.set(takeColour(rows, from, wide), to)
      continue
    }
    data[to] = rows[from + 2]!
    data[to + 1] = rows[from + 1]!
    data[to + 2] = rows[from]!
    if (channels === 4) data[to + 3] = rows[from + 3]!
  }
  return { ...size, channels, data }
}
