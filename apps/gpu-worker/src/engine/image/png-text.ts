import { crc32 } from 'node:zlib'

/** A text that travels in a PNG file. */
export interface PngText {
  /** 1 to 79 printable Latin-1 characters, such as "parameters" or "workflow". */
  readonly keyword: string
  readonly text: string
}

const signatureLength = 8
/** Chunks a viewer cannot do without; everything else an encoder adds (resolution and the like) is left out. */
const criticalChunks = ['IHDR', 'PLTE', 'IDAT', 'IEND', 'tRNS']

/** One chunk: length, type, content, checksum. */
export function createChunk(type: string, content: Buffer): Buffer {
  const chunk = Buffer.alloc(content.length + 12)
  chunk.writeUInt32BE(content.length, 0)
  chunk.write(type, 4, 'latin1')
  content.copy(chunk, 8)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, content.length + 8)), content.length + 8)
  return chunk
}

/**
 * One text chunk as Pillow writes it: tEXt where the text is Latin-1, else uncompressed iTXt in UTF-8.
 * Throws RangeError for a bad keyword.
 */
export function createTextChunk({ keyword, text }: PngText): Buffer {
  if (!/^[\x20-\x7e\xa1-\xff]{1,79}$/.test(keyword)) {
    throw new RangeError(
      `a PNG keyword has 1 to 79 printable Latin-1 characters, got ${JSON.stringify(keyword)}`,
    )
  }
  const head = Buffer.from(`${keyword}\0`, 'latin1')
  const isLatin1 = /^[\0-\xff]*$/.test(text)
  if (isLatin1) return createChunk('tEXt', Buffer.concat([head, Buffer.from(text, 'latin1')]))
  // Not compressed, method 0, no language, no translated keyword.
  return createChunk('iTXt', Buffer.concat([head, Buffer.alloc(4), Buffer.from(text, 'utf8')]))
}

/** Cuts a PNG file into its chunks, each whole with length and checksum. Throws RangeError when it ends too early. */
export function* readChunks(png: Buffer): Generator<{ readonly type: string; readonly bytes: Buffer }> {
  let offset = signatureLength
  while (offset < png.length) {
    const end = offset + 12 + (offset + 8 <= png.length ? png.readUInt32BE(offset) : Infinity)
    if (end > png.length) throw new RangeError('the PNG file ends within a chunk')
    yield { type: png.toString('latin1', offset + 4, offset + 8), bytes: png.subarray(offset, end) }
    offset = end
  }
}

/** The two bytes that begin a zlib stream, by level: 32 KiB window, and how hard it was tried. */
export function getZlibHeader(level: number): Buffer {
  if (level < 2) return Buffer.from('7801', 'hex')
  if (level < 6) return Buffer.from('785e', 'hex')
  return Buffer.from(level === 6 ? '789c' : '78da', 'hex')
}

/** The first data chunk with another stream header; a wider window than was used is always true of a stream. */
function replaceZlibHeader(chunk: Buffer, level: number): Buffer {
  return createChunk('IDAT', Buffer.concat([getZlibHeader(level), chunk.subarray(10, -4)]))
}

/** What goes into a PNG file besides its pixels. */
export interface PngAdditions {
  /** Right after the header, in this order. */
  readonly texts: readonly PngText[]
  /** zlib level the stream is to name, as Pillow's files do. */
  readonly compression: number
}

/** A PNG file with texts, and without the extra chunks that its encoder wrote. Throws RangeError for a broken file. */
export function completePng(png: Uint8Array, { texts, compression }: PngAdditions): Uint8Array {
  const source = Buffer.from(png.buffer, png.byteOffset, png.byteLength)
  const parts: Buffer[] = [source.subarray(0, signatureLength)]
  let hasData = false
  for (const { type, bytes } of readChunks(source)) {
    if (!criticalChunks.includes(type)) continue
    parts.push(type === 'IDAT' && !hasData ? replaceZlibHeader(bytes, compression) : bytes)
    hasData ||= type === 'IDAT'
    if (type === 'IHDR') parts.push(...texts.map(createTextChunk))
  }
  return new Uint8Array(Buffer.concat(parts))
}
