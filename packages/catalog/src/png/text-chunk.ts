import { createPngChunk } from './chunks.ts'

/** A text that travels in a PNG file. */
export interface PngText {
  /** 1 to 79 printable Latin-1 characters, such as "parameters" or "workflow". */
  readonly keyword: string
  readonly text: string
}

/**
 * A text as a chunk, whole, as Pillow writes it: tEXt where the text is Latin-1, else uncompressed iTXt in UTF-8.
 * @throws RangeError for a bad keyword
 */
export function createPngTextChunk({ keyword, text }: PngText): Buffer {
  if (!/^[\x20-\x7e\xa1-\xff]{1,79}$/.test(keyword)) {
    throw new RangeError(
      `a PNG keyword has 1 to 79 printable Latin-1 characters, got ${JSON.stringify(keyword)}`,
    )
  }
  const head = Buffer.from(`${keyword}\0`, 'latin1')
  const isLatin1 = /^[\0-\xff]*$/.test(text)
  if (isLatin1) return createPngChunk('tEXt', Buffer.concat([head, Buffer.from(text, 'latin1')]))
  // Not compressed, method 0, no language, no translated keyword.
  return createPngChunk('iTXt', Buffer.concat([head, Buffer.alloc(4), Buffer.from(text, 'utf8')]))
}
