import { createUserCommentExif, insertJpegExif, insertWebpExif } from '@atelier/catalog/exif'
import { createPngTextChunk, rebuildPng } from '@atelier/catalog/png'
import { ImageFormat } from '@atelier/proto'
import { openPicture, type Picture } from './pixels.ts'

/** How a picture becomes a file. */
export interface PictureEncoding {
  readonly format: ImageFormat
  /** JPEG and WebP, 1 to 100. */
  readonly quality: number
  /** WebP without loss. */
  readonly isLossless?: boolean
  /**
   * The generation text, as PNG text or EXIF user comment; empty: no PNG text and an empty comment, as A1111's answers
   * have it; undefined: neither.
   */
  readonly infotext: string | undefined
}

/** Writes a picture as a file; colours only. */
export async function encodePicture(
  picture: Picture,
  { format, quality, isLossless = false, infotext }: PictureEncoding,
): Promise<Uint8Array> {
  const source = openPicture(picture)
  if (format === ImageFormat.IMAGE_FORMAT_JPEG) {
    const jpeg = await source.removeAlpha().jpeg({ quality }).toBuffer()
    return infotext === undefined ? jpeg : insertJpegExif(jpeg, createUserCommentExif(infotext))
  }
  if (format === ImageFormat.IMAGE_FORMAT_WEBP) {
    const encoded = source.removeAlpha().webp({ quality, lossless: isLossless })
    const { data, info } = await encoded.toBuffer({ resolveWithObject: true })
    if (infotext === undefined) return data
    const canvas = { width: info.width, height: info.height, hasAlpha: false }
    return insertWebpExif(data, createUserCommentExif(infotext), canvas)
  }
  const texts = !infotext ? [] : [{ keyword: 'parameters', text: infotext }]
  return rebuildPng(await source.png().toBuffer(), texts.map(createPngTextChunk))
}
