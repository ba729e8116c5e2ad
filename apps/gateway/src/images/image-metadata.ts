import { findPictureFormat, type PictureFact } from '@atelier/catalog/pictures'
import { isPng, readPngChunks } from '@atelier/catalog/png'
import { readJpegSegments, readUserComment } from './exif-comment.ts'
import { readPngTexts } from './read-png-texts.ts'

/** What an image file says about itself besides its pixels, under the names Pillow gives. */
export interface ImageMetadata {
  readonly items: ReadonlyMap<string, PictureFact>
  /** EXIF user comment, or the comment of a GIF or JPEG file. */
  readonly comment: string | undefined
}

/** Facts of a PNG file beside its texts that Pillow lists. */
function readPngFacts(bytes: Uint8Array): [string, number][] {
  const facts: [string, number][] = []
  for (const { type, content } of readPngChunks(bytes)) {
    if (type === 'IHDR' && content[12] === 1) facts.push(['interlace', 1])
    if (type === 'gAMA' && content.length >= 4) facts.push(['gamma', content.readUInt32BE(0) / 100_000])
    if (type === 'sRGB' && content.length >= 1) facts.push(['srgb', content[0] ?? 0])
  }
  return facts
}

/** The first comment extension of a GIF file. */
function readGifComment(file: Buffer): string | undefined {
  const start = file.indexOf(Buffer.of(0x21, 0xfe))
  if (start < 0) return undefined
  const parts: Buffer[] = []
  for (let offset = start + 2; offset < file.length && file[offset] !== 0;) {
    const length = file[offset] ?? 0
    parts.push(file.subarray(offset + 1, offset + 1 + length))
    offset += 1 + length
  }
  return Buffer.concat(parts).toString('utf8').replaceAll('\ufffd', '')
}

/** Reads the metadata of PNG, JPEG, WebP and GIF files, and of those decoded here (BMP, TGA, …). Never throws. */
export function readImageMetadata(bytes: Uint8Array): ImageMetadata {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const head = file.toString('latin1', 0, 6)
  if (isPng(bytes)) {
    return {
      items: new Map<string, string | number>([...readPngFacts(bytes), ...readPngTexts(bytes)]),
      comment: readUserComment(bytes),
    }
  }
  if (head === 'GIF87a' || head === 'GIF89a') {
    const comment = readGifComment(file)
    return { items: new Map([['version', head], ...listComment(comment)]), comment }
  }
  const own = findPictureFormat(file)
  if (own !== undefined) return { items: own.describe?.(file) ?? new Map(), comment: undefined }
  const jpegComment = [...readJpegSegments(bytes, 0xfe)].at(-1)?.toString('utf8').replaceAll('\ufffd', '')
  return { items: new Map(listComment(jpegComment)), comment: readUserComment(bytes) ?? jpegComment }
}

/** A file's own comment is listed too, an EXIF one is not. */
function listComment(comment: string | undefined): [string, string][] {
  return comment === undefined ? [] : [['comment', comment]]
}
