import sharp from 'sharp'
import type { Pixels } from '../image/pixels.ts'
import { decodePicture, readImage } from './read-image.ts'

/** Formats whose files may hold several pictures of one size. */
const FORMATS_WITH_FRAMES = new Set(['gif', 'webp', 'tiff'])
/** Largest picture that is decoded, all frames together, pixels. */
const MAX_PIXELS = 64 * 1024 * 1024

/**
 * Decodes every frame of a picture as 8-bit RGB or RGBA; most have one.
 * @throws EngineError `invalid-request` when it is no picture or too large
 */
export async function readFrames(bytes: Uint8Array): Promise<Pixels[]> {
  const { pages = 1, format } = await sharp(bytes)
    .metadata()
    .catch(() => ({ pages: 1, format: '' }))
  if (pages === 1 || !FORMATS_WITH_FRAMES.has(format)) return [await readImage(bytes)]
  const { data, info } = await decodePicture(bytes, () =>
    sharp(bytes, { pages: -1, limitInputPixels: MAX_PIXELS })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true }),
  )
  const { width, channels } = info
  const height = info.pageHeight ?? info.height / pages
  const size = width * height * channels
  return Array.from({ length: pages }, (_, page) =>
    toOpaque({
      width,
      height,
      channels: channels as 3 | 4,
      data: data.subarray(page * size, (page + 1) * size),
    }),
  )
}

/** The decoder gives moving pictures an alpha whether they have one or not. */
function toOpaque(frame: Pixels): Pixels {
  if (frame.channels === 3) return frame
  const count = frame.width * frame.height
  for (let i = 0; i < count; i += 1) if (frame.data[4 * i + 3] !== 255) return frame
  const data = new Uint8Array(count * 3)
  for (let i = 0; i < count; i += 1) data.set(frame.data.subarray(4 * i, 4 * i + 3), 3 * i)
  return { ...frame, channels: 3, data }
}
