import { readPngChunks } from '@atelier/catalog/png'

const EXIF_PREFIX = Buffer.from('Exif\0\0', 'latin1')
const EXIF_POINTER_TAG = 0x8769
const USER_COMMENT_TAG = 0x9286
const UNDEFINED_TYPE = 7

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The content of a JPEG file's segments of one kind, up to the picture itself. */
export function* readJpegSegments(bytes: Uint8Array, marker: number): Generator<Buffer> {
  const file = toBuffer(bytes)
  if (file.length < 4 || file.readUInt16BE(0) !== 0xffd8) return
  for (let offset = 2; offset + 4 <= file.length && file[offset] === 0xff;) {
    const kind = file[offset + 1] ?? 0
    if (kind === 0xda) return
    const length = file.readUInt16BE(offset + 2)
    if (length < 2 || offset + 2 + length > file.length) return
    if (kind === marker) yield file.subarray(offset + 4, offset + 2 + length)
    offset += 2 + length
  }
}

function findWebpExif(bytes: Uint8Array): Buffer | undefined {
  const file = toBuffer(bytes)
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WEBP') return undefined
  for (let offset = 12; offset + 8 <= file.length;) {
    const length = file.readUInt32LE(offset + 4)
    if (file.toString('latin1', offset, offset + 4) === 'EXIF')
      return file.subarray(offset + 8, offset + 8 + length)
    offset += 8 + length + (length % 2)
  }
  return undefined
}

/** The EXIF block of a JPEG, WebP or PNG file, from its TIFF header on. */
function findExif(bytes: Uint8Array): Buffer | undefined {
  const found =
    [...readJpegSegments(bytes, 0xe1)].find((segment) => EXIF_PREFIX.equals(segment.subarray(0, 6))) ??
    findWebpExif(bytes) ??
    [...readPngChunks(bytes)].find(({ type }) => type === 'eXIf')?.content
  if (found === undefined) return undefined
  return EXIF_PREFIX.equals(found.subarray(0, 6)) ? found.subarray(6) : found
}

/** Reads the few numbers that lead to the comment; RangeError beyond the end of the block. */
class TiffReader {
  readonly #block: Buffer
  readonly #isBigEndian: boolean

  constructor(block: Buffer) {
    this.#block = block
    this.#isBigEndian = block.toString('latin1', 0, 2) === 'MM'
  }

  readShort(offset: number): number {
    return this.#isBigEndian ? this.#block.readUInt16BE(offset) : this.#block.readUInt16LE(offset)
  }

  readLong(offset: number): number {
    return this.#isBigEndian ? this.#block.readUInt32BE(offset) : this.#block.readUInt32LE(offset)
  }

  /** Offset of a directory's entry for a tag. */
  findEntry(directory: number, tag: number): number | undefined {
    const count = this.readShort(directory)
    for (let index = 0; index < count; index++) {
      const entry = directory + 2 + index * 12
      if (this.readShort(entry) === tag) return entry
    }
    return undefined
  }

  /** Bytes of an entry of bytes; short ones lie in the entry itself. */
  readBytes(entry: number): Buffer {
    const count = this.readLong(entry + 4)
    const start = count <= 4 ? entry + 8 : this.readLong(entry + 8)
    return this.#block.subarray(start, start + count)
  }
}

function findUserComment(block: Buffer): Buffer | undefined {
  try {
    const tiff = new TiffReader(block)
    const pointer = tiff.findEntry(tiff.readLong(4), EXIF_POINTER_TAG)
    if (pointer === undefined) return undefined
    const comment = tiff.findEntry(tiff.readLong(pointer + 8), USER_COMMENT_TAG)
    if (comment === undefined || tiff.readShort(comment + 2) !== UNDEFINED_TYPE) return undefined
    return tiff.readBytes(comment)
  } catch {
    // The block points beyond its own end.
    return undefined
  }
}

/** The text of a user comment: eight bytes that name the code, then the text. Unknown codes are read as UTF-8 whole. */
function decodeComment(bytes: Buffer): string {
  const text = bytes.subarray(8)
  switch (bytes.toString('latin1', 0, 8)) {
    case 'UNICODE\0':
      return new TextDecoder('utf-16be').decode(text)
    case 'ASCII\0\0\0':
      return text.toString('latin1')
    default:
      return bytes.toString('utf8').replaceAll('\ufffd', '')
  }
}

/** The EXIF user comment of a JPEG, WebP or PNG file; undefined where there is none. */
export function readUserComment(bytes: Uint8Array): string | undefined {
  const block = findExif(bytes)
  const comment = block && findUserComment(block)
  return comment && decodeComment(comment)
}
