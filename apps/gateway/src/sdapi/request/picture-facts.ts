import { createHash } from 'node:crypto'
import { showsAlpha } from '@atelier/catalog/png'
import sharp from 'sharp'
import { pythonException } from '../errors.ts'
import type { RequestPicture } from './read-picture.ts'

/** What the infotext tells of a request's pictures. */
export interface PictureFacts {
  /** Whether a mask was sent, and whether any of it is to be repainted. */
  readonly mask: 'none' | 'blank' | 'filled'
  /** MD5 of the last source picture's pixels, where source pictures are kept. */
  readonly sourceHash: string | undefined
}

/** Channels. */
const GREY_WITH_ALPHA = 2

/** Without pictures. */
export const NO_PICTURES: PictureFacts = { mask: 'none', sourceHash: undefined }

/** Whether a mask selects nothing: black everywhere, or white where it is inverted. */
export async function isBlankMask({ bytes }: RequestPicture, isInverted: boolean): Promise<boolean> {
  const { channels, isOpaque } = await decode(() => sharp(bytes).stats())
  // A mask with transparency is read from its alpha channel, others from their brightness.
  // The alpha of grey is seen in some PNG files alone.
  const isAlpha = !isOpaque && (showsAlpha(bytes) ?? channels.length !== GREY_WITH_ALPHA)
  const counted = isAlpha ? channels.slice(-1) : channels.slice(0, channels.length > 2 ? 3 : 1)
  return counted.every(({ min, max }) => (isInverted ? min === 255 : max === 0))
}

/** MD5 of a picture's raw pixels, turned upright, lower-case hex. */
export async function hashPixels({ bytes }: RequestPicture): Promise<string> {
  const pixels = await decode(() => sharp(bytes).rotate().raw().toBuffer())
  return createHash('md5').update(pixels).digest('hex')
}

/** @throws ApiError as Pillow does where a picture breaks off: its header was right */
async function decode<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    throw pythonException('OSError', `image file is truncated or damaged: ${(cause as Error).message}`)
  }
}

/** EXIF orientations from this one on lie on their side. */
const FIRST_TURNED = 5

/** Size of a picture turned upright, pixels; undefined for none. */
export async function measureUpright(
  picture: RequestPicture | undefined,
): Promise<{ width: number; height: number } | undefined> {
  if (picture === undefined) return undefined
  const { width, height, bytes } = picture
  const { orientation = 1 } = await decode(() => sharp(bytes, { limitInputPixels: false }).metadata())
  return orientation >= FIRST_TURNED ? { width: height, height: width } : { width, height }
}
