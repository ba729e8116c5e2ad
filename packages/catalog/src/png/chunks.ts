import { crc32 } from 'node:zlib'

/** The eight bytes a PNG file begins with (PNG specification, 5.2). */
export const PNG_SIGNATURE: Uint8Array = Buffer.from('89504e470d0a1a0a', 'hex')

/** Length and type before a chunk's content, checksum behind it, bytes. */
const OVERHEAD = 12
/** Chunks a picture needs; others, such as the resolution that libraries add, are left out when one is rebuilt. */
const NEEDED = new Set(['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'])

/** A chunk of a PNG file. */
export interface PngChunk {
  readonly type: string
  readonly content: Buffer
  /** The chunk whole, with length, type and checksum. */
  readonly bytes: Buffer
}

/** Whether bytes begin as a PNG file does. */
export function isPng(bytes: Uint8Array): boolean {
  return Buffer.from(PNG_SIGNATURE).equals(bytes.subarray(0, PNG_SIGNATURE.length))
}

/** Most chunks of a file that are read: several times those of the largest picture in parts of 8 KB. */
const MAX_CHUNKS = 100_000

/** The chunks of a PNG file in order, as far as they are there whole; checksums are not looked at. None of other files. */
export function* readPngChunks(bytes: Uint8Array): Generator<PngChunk, undefined> {
  if (!isPng(bytes)) return
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let count = 0
  for (let start = PNG_SIGNATURE.length; start + OVERHEAD <= file.length && count < MAX_CHUNKS; count += 1) {
    const end = start + OVERHEAD + file.readUInt32BE(start)
    if (end > file.length) return
    const chunk = file.subarray(start, end)
    yield { type: chunk.toString('latin1', 4, 8), content: chunk.subarray(8, -4), bytes: chunk }
    start = end
  }
}

/** Whether a chunk's checksum is that of its type and content. */
export function isIntact({ bytes }: PngChunk): boolean {
  return crc32(bytes.subarray(4, -4)) === bytes.readUInt32BE(bytes.length - 4)
}

/** A chunk whole: length, type, content, checksum. */
export function createPngChunk(type: string, content: Uint8Array): Buffer {
  const chunk = Buffer.alloc(content.length + OVERHEAD)
  chunk.writeUInt32BE(content.length, 0)
  chunk.write(type, 4, 'latin1')
  chunk.set(content, 8)
  chunk.writeUInt32BE(crc32(chunk.subarray(4, -4)), content.length + 8)
  return chunk
}

/** A PNG file with nothing but its picture, and these chunks right after its header. */
export function rebuildPng(file: Uint8Array, chunks: readonly Uint8Array[] = []): Uint8Array {
  const needed = [...readPngChunks(file)].filter(({ type }) => NEEDED.has(type))
  const parts = needed.flatMap(({ type, bytes }) => (type === 'IHDR' ? [bytes, ...chunks] : [bytes]))
  return new Uint8Array(Buffer.concat([PNG_SIGNATURE, ...parts]))
}
