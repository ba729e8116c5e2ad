import { crc32 } from 'node:zlib'

/** A text stored in a PNG file. */
export interface TextChunk {
  readonly keyword: string
  readonly text: string
}

const SIGNATURE_BYTES = 8
/** Length, type and checksum of the header chunk, and its 13 bytes. */
const HEADER_CHUNK_BYTES = 12 + 13

/**
 * Puts texts after a PNG's header: tEXt where the text is Latin-1, otherwise uncompressed iTXt, as Pillow writes them.
 * @param png a whole PNG file
 */
export function insertTextChunks(png: Uint8Array, chunks: readonly TextChunk[]): Uint8Array {
  const after = SIGNATURE_BYTES + HEADER_CHUNK_BYTES
  return Buffer.concat([png.subarray(0, after), ...chunks.map(toChunk), png.subarray(after)])
}

function toChunk({ keyword, text }: TextChunk): Buffer {
  const isLatin = /^[\u0000-\u00ff]*$/.test(text)
  if (isLatin) return frameChunk('tEXt', Buffer.from(`${keyword}\0${text}`, 'latin1'))
  // Keyword, no compression, no language, no translated keyword.
  return frameChunk(
    'iTXt',
    Buffer.concat([Buffer.from(`${keyword}\0\0\0\0\0`, 'latin1'), Buffer.from(text, 'utf8')]),
  )
}

function frameChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const framed = Buffer.alloc(body.length + 8)
  framed.writeUInt32BE(data.length, 0)
  body.copy(framed, 4)
  framed.writeUInt32BE(crc32(body), body.length + 4)
  return framed
}
