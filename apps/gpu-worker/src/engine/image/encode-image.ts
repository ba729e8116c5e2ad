import sharp from 'sharp'
import { ImageFormat } from '@atelier/proto'
import type { Pixels } from './pixels.ts'
import { insertTextChunks, type TextChunk } from './png-text.ts'

/** How a picture is encoded. */
export interface ImageEncoding {
  readonly format: ImageFormat
  /** JPEG and WebP, 1 to 100. */
  readonly quality?: number
  readonly isLossless?: boolean
  /** zlib level of PNG, 0 to 9. */
  readonly compression?: number
  /** Texts in the file; PNG only, JPEG and WebP carry the first as EXIF user comment. */
  readonly texts?: readonly TextChunk[]
}

/** An encoded picture. */
export interface EncodedImage {
  readonly bytes: Uint8Array
  readonly mediaType: string
  /** File name extension, without the dot. */
  readonly extension: string
}

const DEFAULT_QUALITY = 80
/** A balance of time and size for pictures, that of ComfyUI. */
const DEFAULT_COMPRESSION = 4

/** Encodes a picture with its texts. */
export async function encodeImage(
  { width, height, channels, data }: Pixels,
  encoding: ImageEncoding,
): Promise<EncodedImage> {
  const image = sharp(data, { raw: { width, height, channels } })
  const { quality = DEFAULT_QUALITY, texts = [] } = encoding
  switch (encoding.format) {
    case ImageFormat.IMAGE_FORMAT_JPEG: {
      const bytes = await withUserComment(image, texts)
        .jpeg({ quality, chromaSubsampling: '4:2:0' })
        .toBuffer()
      return { bytes, mediaType: 'image/jpeg', extension: 'jpg' }
    }
    case ImageFormat.IMAGE_FORMAT_WEBP: {
      const lossless = encoding.isLossless ?? false
      const bytes = await withUserComment(image, texts).webp({ quality, lossless }).toBuffer()
      return { bytes, mediaType: 'image/webp', extension: 'webp' }
    }
    default: {
      const png = await image
        .png({ compressionLevel: encoding.compression ?? DEFAULT_COMPRESSION })
        .toBuffer()
      return {
        bytes: texts.length === 0 ? png : insertTextChunks(png, texts),
        mediaType: 'image/png',
        extension: 'png',
      }
    }
  }
}

function withUserComment(image: sharp.Sharp, [first]: readonly TextChunk[]): sharp.Sharp {
  if (first === undefined) return image
  // EXIF's marker for UTF-16, big-endian; libvips takes the value as text, so it goes in as characters.
  return image.withExif({ IFD2: { UserComment: first.text } })
}
