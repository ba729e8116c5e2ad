import sharp from 'sharp'
import { EngineError } from '../engine-error.ts'
import type { Pixels } from '../image/pixels.ts'

/** Largest picture that is decoded, pixels: 64 megapixels stop decompression bombs and hold any real source. */
export const MAX_PIXELS = 64 * 1024 * 1024

/** Pictures of pixels; documents that draw (SVG, PDF) are not opened. */
const FORMATS: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'gif', 'tiff', 'heif'])

/**
 * Decodes a picture, turned upright by its EXIF orientation, as 8-bit RGB or RGBA; of a moving one the first frame.
 * @throws EngineError `invalid-request` when it is no picture, damaged, or larger than 64 megapixels
 */
export async function readImage(bytes: Uint8Array): Promise<Pixels> {
  return decodePicture(bytes, async () => {
    const image = sharp(bytes, { limitInputPixels: MAX_PIXELS }).rotate().toColourspace('srgb')
    const { data, info } = await image.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    return { width: info.width, height: info.height, ...toColours(new Uint8Array(data), info.channels) }
  })
}

/**
 * Decodes what a client sent, its header first; a surface may name the exception its original ends with.
 * @throws EngineError `invalid-request` naming what is wrong, its limit and what was given
 */
export async function decodePicture<T>(
  bytes: Uint8Array,
  decode: () => Promise<T>,
  exceptionType?: string,
): Promise<T> {
  try {
    // The header alone is read here.
    const { width, height, format, pages = 1 } = await sharp(bytes, { limitInputPixels: false }).metadata()
    if (!FORMATS.has(format)) throw new Error(`${format} files are not read`)
    if (width * height > MAX_PIXELS)
      throw new Error(`it may have at most ${MAX_PIXELS} pixels, got ${width}x${height} in ${pages} frame(s)`)
    return await decode()
  } catch (cause) {
    throw new EngineError('invalid-request', `a source picture cannot be read: ${(cause as Error).message}`, {
      cause,
      ...(exceptionType !== undefined && { exceptionType }),
    })
  }
}

/** Samples of 1 to 4 channels as colours: grey in three equal ones. */
export function toColours(data: Uint8Array, channels: number): Pick<Pixels, 'channels' | 'data'> {
  if (channels === 3 || channels === 4) return { channels, data }
  // Grey, or grey with alpha.
  const hasAlpha = channels === 2
  const count = data.length / channels
  const target = hasAlpha ? 4 : 3
  const output = new Uint8Array(count * target)
  for (let i = 0; i < count; i += 1) {
    output.fill(data[i * channels]!, i * target, i * target + 3)
    if (hasAlpha) output[i * target + 3] = data[i * channels + 1]!
  }
  return { channels: target, data: output }
}

/** Lays a picture over a colour ("#rrggbb"), leaving out its alpha. */
export function flattenImage(picture: Pixels, colour: string): Pixels {
  if (picture.channels === 3) return picture
  const hex = /^#([0-9a-f]{6})$/i.exec(colour)?.[1] ?? 'ffffff'
  const under = [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
  const { width, height, data } = picture
  const output = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i += 1) {
    const alpha = data[4 * i + 3]! / 255
    for (let c = 0; c < 3; c += 1)
      output[3 * i + c] = Math.round(data[4 * i + c]! * alpha + under[c]! * (1 - alpha))
  }
  return { width, height, channels: 3, data: output }
}
