import type { ExtrasJob } from '@atelier/proto'
import { EngineError } from '../engine-error.ts'
import type { Pixels } from '../image/pixels.ts'
import { upscaleImage, type Upscaler } from '../upscale/upscale-image.ts'

/** How large a picture becomes. */
export type ExtrasSize = Pick<ExtrasJob, 'factor' | 'width' | 'height' | 'crop' | 'secondShare'>

/** Enlarges a picture by the first upscaler, and blends the second one's over it; without any it stays as it is. */
export async function enlargePicture(
  picture: Pixels,
  [first, second]: readonly Upscaler[],
  size: ExtrasSize,
): Promise<Pixels> {
  if (first === undefined) return picture
  const enlarged = await enlarge(picture, first, size)
  if (second === undefined || size.secondShare <= 0) return enlarged
  return blendPictures(enlarged, await enlarge(picture, second, size), size.secondShare)
}

async function enlarge(picture: Pixels, upscaler: Upscaler, size: ExtrasSize): Promise<Pixels> {
  const { width, height } = size
  const isSized = width > 0 && height > 0
  const factor = isSized ? Math.max(width / picture.width, height / picture.height) : size.factor
  const enlarged = await upscaleImage(picture, factor, upscaler)
  if (enlarged.width === 0 || enlarged.height === 0) refuseNothing()
  return isSized && size.crop ? centre(enlarged, width, height) : enlarged
}

/** Sides are multiples of 8, those of less than 8 nothing. */
function refuseNothing(): never {
  throw new EngineError('invalid-request', 'height and width must be > 0', { exceptionType: 'ValueError' })
}

/** A picture in the middle of a black canvas; what exceeds it is cut away, alpha too. */
function centre(picture: Pixels, width: number, height: number): Pixels {
  const data = new Uint8Array(width * height * 3)
  const left = Math.floor(width / 2) - Math.floor(picture.width / 2)
  const top = Math.floor(height / 2) - Math.floor(picture.height / 2)
  for (let y = Math.max(0, top); y < Math.min(height, top + picture.height); y += 1) {
    for (let x = Math.max(0, left); x < Math.min(width, left + picture.width); x += 1) {
      const from = ((y - top) * picture.width + x - left) * picture.channels
      data.set(picture.data.subarray(from, from + 3), (y * width + x) * 3)
    }
  }
  return { width, height, channels: 3, data }
}

/** `under x (1 - share) + over x share`, cut to whole numbers as Pillow blends; the first one's channels count. */
function blendPictures(under: Pixels, over: Pixels, share: number): Pixels {
  const { width, height, channels, data } = under
  const output = new Uint8Array(data.length)
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < channels; c += 1) {
      const from = data[i * channels + c]!
      const to = c < over.channels ? over.data[i * over.channels + c]! : 255
      output[i * channels + c] = Math.trunc(Math.fround(from + Math.fround(share) * (to - from)))
    }
  }
  return { width, height, channels, data: output }
}
