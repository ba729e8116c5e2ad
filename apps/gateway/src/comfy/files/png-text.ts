import { crc32 } from 'node:zlib'

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
/** Length and type before a chunk's data, checksum behind it, bytes. */
const CHUNK_OVERHEAD = 12
/** Chunks that hold text. */
const TEXT_TYPES = new Set(['tEXt', 'zTXt', 'iTXt'])

/** The text chunks of a PNG, whole, in file order; none when the bytes are no PNG. */
export function readTextChunks(bytes: Uint8Array): Uint8Array[] {
  return [...walkChunks(bytes)].filter(({ type }) => TEXT_TYPES.has(type)).map(({ chunk }) => chunk)
}

/** A PNG with these chunks right after its header. */
export function writeTextChunks(png: Uint8Array, chunks: readonly Uint8Array[]): Uint8Array {
  const header = walkChunks(png).next().value
  if (header === undefined) return png
  const end = SIGNATURE.length + header.chunk.length
  return Buffer.concat([png.subarray(0, end), ...chunks, png.subarray(end)])
}

function* walkChunks(bytes: Uint8Array): Generator<{ type: string; chunk: Uint8Array }, undefined> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!view.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return
  for (let at = SIGNATURE.length; at + CHUNK_OVERHEAD <= view.length;) {
    const end = at + CHUNK_OVERHEAD + view.readUInt32BE(at)
    if (end > view.length) return
    const chunk = view.subarray(at, end)
    // A damaged chunk is not carried over.
    if (crc32(chunk.subarray(4, -4)) !== chunk.readUInt32BE(chunk.length - 4)) return
    yield { type: chunk.toString('latin1', 4, 8), chunk }
    at = end
  }
}
