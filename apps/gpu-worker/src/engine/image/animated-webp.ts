import sharp from 'sharp'
import { createAsciiExif, insertWebpExif } from '@atelier/catalog/exif'
import { mergeEqualFrames } from './merge-frames.ts'
import type { Pixels } from './pixels.ts'

/** How an animation is written as WebP. */
export interface AnimatedWebpEncoding {
  readonly frameMs: number
  readonly isLossless: boolean
  /** 0 to 100. */
  readonly quality: number
  /** 0 fastest to 6 slowest. */
  readonly effort: number
  /** EXIF texts by tag; none: no EXIF block. */
  readonly exifTexts: ReadonlyMap<number, string>
}

/** Writes frames of one size as an animated WebP, played without end; a single one is a plain picture. */
export async function encodeAnimatedWebp(
  frames: readonly Pixels[],
  { frameMs, isLossless, quality, effort, exifTexts }: AnimatedWebpEncoding,
): Promise<Uint8Array> {
  const merged = mergeEqualFrames(frames, frameMs)
  const { width, height, channels } = frames[0]!
  const pages = Buffer.concat(merged.map(({ pixels }) => pixels.data))
  const raw = { width, height: height * merged.length, channels, pageHeight: height }
  const webp = await sharp(pages, { raw })
    .webp({
      lossless: isLossless,
      quality: Math.max(quality, 1),
      effort,
      ...(merged.length === 1 ? {} : { delay: merged.map(({ durationMs }) => durationMs), loop: 0 }),
    })
    .toBuffer()
  const bytes = new Uint8Array(webp)
  if (exifTexts.size === 0) return bytes
  return insertWebpExif(bytes, createAsciiExif(exifTexts), { width, height, hasAlpha: channels === 4 })
}
