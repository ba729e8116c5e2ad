import {
  createPngChunk,
  createPngTextChunk,
  readPngChunks,
  rebuildPng,
  type PngText,
} from '@atelier/catalog/png'

/** What goes into a PNG file besides its pixels. */
export interface PngAdditions {
  /** Right after the header, in this order. */
  readonly texts: readonly PngText[]
  /** zlib level the stream is to name, as Pillow's files do. */
  readonly compression: number
}

/**
 * A PNG file with texts, and without the extra chunks that its encoder wrote.
 * @throws RangeError for a file that ends too early
 */
export function completePng(png: Uint8Array, { texts, compression }: PngAdditions): Uint8Array {
  if ([...readPngChunks(png)].at(-1)?.type !== 'IEND')
    throw new RangeError('the PNG file ends within a chunk')
  const file = rebuildPng(png, texts.map(createPngTextChunk))
  const data = [...readPngChunks(file)].find(({ type }) => type === 'IDAT')
  data?.bytes.set(replaceZlibHeader(data.content, compression))
  return file
}

/** A first data chunk with another stream header; a wider window than was used is always true of a stream. */
function replaceZlibHeader(content: Buffer, level: number): Buffer {
  return createPngChunk('IDAT', Buffer.concat([getZlibHeader(level), content.subarray(2)]))
}

/** The two bytes that begin a zlib stream, by level: 32 KiB window, and how hard it was tried. */
export function getZlibHeader(level: number): Buffer {
  if (level < 2) return Buffer.from('7801', 'hex')
  if (level < 6) return Buffer.from('785e', 'hex')
  return Buffer.from(level === 6 ? '789c' : '78da', 'hex')
}
