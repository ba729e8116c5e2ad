import { createPalette, requireBytes, requireSize, type Palette, type PictureSize } from './picture.ts'

/** Headers of OS/2 have sizes of 16 bits and colours of three bytes, those of Windows 32 bits and four bytes. */
const OS2_HEADER = 12
const WINDOWS_HEADER = 40
/** Ways of writing pixels: plain, runs of 8 and of 4 bits, and with masks that say where the colours are. */
export const [PLAIN, RUNS_OF_8, RUNS_OF_4, MASKED] = [0, 1, 2, 3]
/** Palettes are no larger. */
const MAX_COLOURS = 65_536

/** Where the bits of a colour lie in a pixel's number. */
export interface Masks {
  readonly red: number
  readonly green: number
  readonly blue: number
  /** 0: pixels have none. */
  readonly alpha: number
}

/** A device-independent bitmap's header: what BMP files, icons and cursors hold. */
export interface DibHeader extends PictureSize {
  readonly isDownward: boolean
  readonly bits: number
  readonly compression: number
  readonly masks: Masks
  readonly palette: Palette
  /** The byte after header, masks and palette, where pixels begin unless a file says otherwise. */
  readonly end: number
}

/** What whoever holds a bitmap knows of it. */
export interface DibOptions {
  /** Pixels of 32 bits have an alpha though no mask says so. */
  readonly hasAlpha?: boolean
  /** As high as the picture and its mask together, as in icons. */
  readonly isDouble?: boolean
}

/** Size alone, of a bitmap whose header lies at `at`. @throws RangeError for none */
export function measureDib(bytes: Buffer, at: number): PictureSize {
  requireBytes(bytes, at + 4, 'BMP')
  const length = bytes.readUInt32LE(at)
  if (length !== OS2_HEADER && length < WINDOWS_HEADER)
    throw new RangeError(`a BMP header of ${length} bytes is not read`)
  requireBytes(bytes, at + length, 'BMP')
  const size =
    length === OS2_HEADER
      ? { width: bytes.readUInt16LE(at + 4), height: bytes.readUInt16LE(at + 6) }
      : { width: bytes.readInt32LE(at + 4), height: Math.abs(bytes.readInt32LE(at + 8)) }
  return requireSize(size, 'BMP')
}

/** @throws RangeError for what is cut off, and for ways of writing that are not read */
export function readDibHeader(bytes: Buffer, at: number, options: DibOptions = {}): DibHeader {
  const { width, height } = measureDib(bytes, at)
  const length = bytes.readUInt32LE(at)
  const isOs2 = length === OS2_HEADER
  const bits = bytes.readUInt16LE(at + (isOs2 ? 10 : 14))
  const compression = isOs2 ? PLAIN! : bytes.readUInt32LE(at + 16)
  requireKnown(bits, compression)
  const ownMasks = compression === MASKED && length === WINDOWS_HEADER ? 12 : 0
  requireBytes(bytes, at + length + ownMasks, 'BMP')
  const start = at + length + ownMasks
  const colours = (isOs2 ? 0 : bytes.readUInt32LE(at + 32)) || 2 ** bits
  if (bits <= 8 && colours > MAX_COLOURS)
    throw new RangeError(`a BMP palette may have at most ${MAX_COLOURS} colours, got ${colours}`)
  const entry = isOs2 ? 3 : 4
  return {
    width,
    height: options.isDouble === true ? Math.floor(height / 2) : height,
    isDownward: !isOs2 && bytes.readInt32LE(at + 8) < 0,
    bits,
    compression,
    masks: readMasks(bytes, at, { bits, isMasked: compression === MASKED, ...options }),
    palette: bits <= 8 ? readPalette(bytes, { at: start, colours, entry }) : createPalette(),
    end: start + (bits <= 8 ? entry * colours : 0),
  }
}

function requireKnown(bits: number, compression: number): void {
  const isKnown =
    compression === PLAIN
      ? [1, 4, 8, 16, 24, 32].includes(bits)
      : compression === MASKED
        ? [16, 24, 32].includes(bits)
        : (compression === RUNS_OF_8 && bits === 8) || (compression === RUNS_OF_4 && bits === 4)
  if (!isKnown)
    throw new RangeError(`BMP files of ${bits} bits, compressed by way ${compression}, are not read`)
}

function readPalette(
  bytes: Buffer,
  { at, colours, entry }: { readonly at: number; readonly colours: number; readonly entry: number },
): Palette {
  const palette = createPalette()
  for (let i = 0; i < Math.min(colours, 256); i += 1) {
    const place = at + entry * i
    if (place + 3 > bytes.length) break
    palette.set([bytes[place + 2]!, bytes[place + 1]!, bytes[place]!], 3 * i)
  }
  return palette
}

function readMasks(
  bytes: Buffer,
  at: number,
  { bits, isMasked, hasAlpha = false }: { bits: number; isMasked: boolean; hasAlpha?: boolean },
): Masks {
  const plain = { red: 0xff0000, green: 0xff00, blue: 0xff, alpha: hasAlpha ? 0xff000000 : 0 }
  if (!isMasked) return bits === 16 ? { red: 0x7c00, green: 0x3e0, blue: 0x1f, alpha: 0 } : plain
  // Masks lie behind the header of 40 bytes, and within larger ones, which have one for the alpha.
  const places = [40, 44, 48, 52].map((offset) => at + offset)
  const hasFourth = bytes.readUInt32LE(at) >= 56
  const [red = 0, green = 0, blue = 0, alpha = 0] = places
    .slice(0, hasFourth ? 4 : 3)
    .map((place) => bytes.readUInt32LE(place))
  // Masks of nothing are those of blue, green, red and alpha.
  return (red | green | blue | alpha) === 0 ? { ...plain, alpha: 0xff000000 } : { red, green, blue, alpha }
}
