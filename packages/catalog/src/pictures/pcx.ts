import {
  createPalette,
  fromGrey,
  fromPalette,
  requireBytes,
  requirePixels,
  requireSize,
  takeBits,
  type PictureFormat,
  type PictureSize,
  type RawPicture,
} from './picture.ts'

const HEADER = 128
/** Where the palette of 16 colours stands. */
const SMALL_PALETTE = { from: 16, to: 64 }
/** A palette of 256 colours lies at the end of a file, behind this byte. */
const LARGE_PALETTE = { length: 768, mark: 12 }
/** Bytes with both high bits say how often the next one stands; the low six bits are the count. */
const RUN = 0xc0
const LONGEST_RUN = 63
/** Pixels of a byte where planes are of bits. */
const BITS_PER_BYTE = 8

/** ZSoft Paintbrush (technical reference, versions 0 to 5). */
export const PCX: PictureFormat = { name: 'PCX', recognises, measure, read }

function recognises(bytes: Buffer): boolean {
  return bytes.length >= HEADER && bytes[0] === 10 && [0, 2, 3, 5].includes(bytes[1]!)
}

interface Layout extends PictureSize {
  readonly bits: number
  readonly planes: number
  /** Bytes of a row of one plane. */
  readonly planeBytes: number
}

function measure(bytes: Buffer): PictureSize {
  const { width, height } = readLayout(bytes)
  return { width, height }
}

function readLayout(bytes: Buffer): Layout {
  const [left, top, right, bottom] = [4, 6, 8, 10].map((at) => bytes.readUInt16LE(at)) as [
    number,
    number,
    number,
    number,
  ]
  const size = requireSize({ width: right + 1 - left, height: bottom + 1 - top }, 'PCX')
  const [version, bits, planes] = [bytes[1]!, bytes[3]!, bytes[65]!]
  const isKnown =
    bits === 1 ? [1, 2, 4].includes(planes) : version === 5 && bits === 8 && [1, 3].includes(planes)
  if (!isKnown) throw new RangeError(`PCX files of ${planes} planes of ${bits} bits are not read`)
  // What the header says is not to be trusted beyond whether rows are of an even number of bytes.
  const least = Math.ceil((size.width * bits) / 8)
  const planeBytes = bytes.readUInt16LE(66) === least ? least : least + (least % 2)
  return { ...size, bits, planes, planeBytes }
}

function read(bytes: Buffer): RawPicture {
  const layout = readLayout(bytes)
  const { width, height, bits, planes, planeBytes } = layout
  const size = { width, height }
  requirePixels(bytes, width * height, { mostPerByte: (LONGEST_RUN * BITS_PER_BYTE) / 2, format: 'PCX' })
  const rows = lengthenRuns(bytes, planes * planeBytes, height)
  const samples = new Uint8Array(width * height * (bits === 8 ? planes : 1))
  for (let y = 0; y < height; y += 1) {
    const row = rows.subarray(y * planes * planeBytes, (y + 1) * planes * planeBytes)
    for (let x = 0; x < width; x += 1) {
      if (bits === 1) samples[y * width + x] = joinPlanes(row, x, layout)
      else
        for (let c = 0; c < planes; c += 1) samples[(y * width + x) * planes + c] = row[c * planeBytes + x]!
    }
  }
  if (planes === 3) return { ...size, channels: 3, data: samples }
  if (bits === 1 && planes === 1)
    return fromGrey(
      size,
      samples.map((bit) => 255 * bit),
    )
  return fromPalette(size, samples, readPalette(bytes, bits))
}

/** A number whose bits lie in planes, the lowest first. */
function joinPlanes(row: Uint8Array, x: number, { planes, planeBytes }: Layout): number {
  let value = 0
  for (let plane = 0; plane < planes; plane += 1)
    value |= takeBits(row.subarray(plane * planeBytes), x, 1) << plane
  return value
}

function readPalette(bytes: Buffer, bits: number): Uint8Array {
  const palette = createPalette()
  const { length, mark } = LARGE_PALETTE
  if (bits === 1) palette.set(bytes.subarray(SMALL_PALETTE.from, SMALL_PALETTE.to))
  else if (bytes.at(-length - 1) === mark) palette.set(bytes.subarray(-length))
  return palette
}

/** Rows as they were before runs were shortened; a run ends with its row. */
function lengthenRuns(bytes: Buffer, rowBytes: number, height: number): Uint8Array {
  const output = new Uint8Array(rowBytes * height)
  let at = HEADER
  for (let y = 0; y < height; y += 1) {
    const end = (y + 1) * rowBytes
    for (let filled = y * rowBytes; filled < end;) {
      const isRun = (bytes[at] ?? 0) >= RUN
      requireBytes(bytes, at + (isRun ? 2 : 1), 'PCX')
      const count = isRun ? bytes[at]! & ~RUN : 1
      const value = bytes[isRun ? at + 1 : at]!
      output.fill(value, filled, Math.min(end, filled + count))
      filled += count
      at += isRun ? 2 : 1
    }
  }
  return output
}
