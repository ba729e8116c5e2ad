import { isIntact, PNG_SIGNATURE, readPngChunks, type PngChunk } from '@atelier/catalog/png'

/** Chunks that hold text. */
const TEXT_TYPES = new Set(['tEXt', 'zTXt', 'iTXt'])

/** The text chunks of a PNG, whole, in file order, up to the first damaged chunk; none when the bytes are no PNG. */
export function readTextChunks(bytes: Uint8Array): Uint8Array[] {
  const chunks = [...readPngChunks(bytes)]
  const damaged = chunks.findIndex((chunk) => !isIntact(chunk))
  return chunks.slice(0, damaged < 0 ? undefined : damaged).flatMap(toText)
}

function toText({ type, bytes }: PngChunk): Uint8Array[] {
  return TEXT_TYPES.has(type) ? [bytes] : []
}

/** A PNG with these chunks right after its header; what is no PNG stays as it is. */
export function writeTextChunks(png: Uint8Array, chunks: readonly Uint8Array[]): Uint8Array {
  const header = readPngChunks(png).next().value
  if (header === undefined) return png
  const end = PNG_SIGNATURE.length + header.bytes.length
  return Buffer.concat([png.subarray(0, end), ...chunks, png.subarray(end)])
}
