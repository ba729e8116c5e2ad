import { createUserCommentExif, insertJpegExif, insertWebpExif } from '@atelier/catalog/exif'
import type { PngText } from '@atelier/catalog/png'
import { ImageFormat } from '@atelier/proto'
import sharp from 'sharp'
import { completePng } from './complete-png.ts'
import type { Pixels } from './pixels.ts'
import { encodeSmallPng, SMALL_PIXELS } from './small-png.ts'

/** How a picture is written. */
export interface ImageEncoding {
  readonly format: ImageFormat
  /** JPEG and WebP, 1 to 100; absent: 80. */
  readonly quality?: number
  /** WebP without loss. */
  readonly isLossless?: boolean
  /** zlib level of PNG, 0 to 9; absent: 6, as Pillow's default. ComfyUI saves with 4 and previews with 1. */
  readonly compression?: number
  /**
   * Texts in the file. PNG has them as chunks in this order; JPEG and WebP carry the first as EXIF user comment, an empty
   * one where the list is empty, none where it is absent (A1111's habits).
   */
  readonly texts?: readonly PngText[]
}

/** An encoded picture. */
export interface EncodedImage {
  readonly bytes: Uint8Array
  readonly mediaType: string
  /** File name extension, without the dot. */
  readonly extension: string
}

const defaultQuality = 80
const defaultCompression = 6

/** Encodes a picture with its metadata. JPEG and WebP drop the alpha channel, as A1111's do. Rejects with sharp's error for impossible sizes. */
export async function encodeImage(pixels: Pixels, encoding: ImageEncoding): Promise<EncodedImage> {
  const { width, height, channels, data } = pixels
  const { quality = defaultQuality, compression = defaultCompression, texts } = encoding
  const isPng =
    encoding.format !== ImageFormat.IMAGE_FORMAT_JPEG && encoding.format !== ImageFormat.IMAGE_FORMAT_WEBP
  if (isPng && width * height > 0 && width * height <= SMALL_PIXELS) {
    const bytes = encodeSmallPng(pixels, { texts: texts ?? [], compression })
    return { bytes, mediaType: 'image/png', extension: 'png' }
  }
  const picture = sharp(data, { raw: { width, height, channels } })
  const exif = texts === undefined ? undefined : createUserCommentExif(texts[0]?.text ?? '')
  switch (encoding.format) {
    case ImageFormat.IMAGE_FORMAT_JPEG: {
      const jpeg = new Uint8Array(await picture.removeAlpha().jpeg({ quality }).toBuffer())
      const bytes = exif === undefined ? jpeg : insertJpegExif(jpeg, exif)
      return { bytes, mediaType: 'image/jpeg', extension: 'jpg' }
    }
    case ImageFormat.IMAGE_FORMAT_WEBP: {
      const lossless = encoding.isLossless ?? false
      const webp = new Uint8Array(await picture.removeAlpha().webp({ quality, lossless }).toBuffer())
      const canvas = { width, height, hasAlpha: false }
      const bytes = exif === undefined ? webp : insertWebpExif(webp, exif, canvas)
      return { bytes, mediaType: 'image/webp', extension: 'webp' }
    }
    default: {
      const png = await picture.png({ compressionLevel: compression, adaptiveFiltering: true }).toBuffer()
      const bytes = completePng(png, { texts: texts ?? [], compression })
      return { bytes, mediaType: 'image/png', extension: 'png' }
    }
  }
}
