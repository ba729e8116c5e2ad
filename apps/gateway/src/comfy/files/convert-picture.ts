import sharp, { type Sharp } from 'sharp'

/** Quality where a request names none. */
const DEFAULT_QUALITY = 90
/** Largest picture that is decoded, pixels. */
const MAX_PIXELS = 16_384 * 16_384

/** Drawings and pages, which libvips would draw and Pillow does not read: a short one may ask for hours of work. */
const NO_PICTURES: ReadonlySet<string | undefined> = new Set(['svg', 'pdf', 'magick'])

/** An encoded picture. */
export interface EncodedPicture {
  readonly bytes: Uint8Array
  readonly mediaType: string
}

/** How a preview is asked for: "webp;50", "jpeg;80"; other formats mean webp. */
export interface PreviewWish {
  readonly format: 'webp' | 'jpeg'
  readonly quality: number
}

/** Reads the `preview` query; a channel with an "a" in it needs a format that has alpha. */
function parsePreviewWish(preview: string, channel: string): PreviewWish {
  const parts = preview.split(';')
  const quality = /^\d+$/.test(parts.at(-1) ?? '') ? Number(parts.at(-1)) : DEFAULT_QUALITY
  const format = parts[0] === 'jpeg' && !channel.includes('a') ? 'jpeg' : 'webp'
  return { format, quality: Math.min(100, Math.max(1, quality)) }
}

/** A smaller copy of a picture for lists; throws an error when the bytes are no picture. */
export async function convertPreview(
  bytes: Uint8Array,
  preview: string,
  channel: string,
): Promise<EncodedPicture> {
  const { format, quality } = parsePreviewWish(preview, channel)
  const picture = await openPicture(bytes)
  if (format === 'jpeg' || channel === 'rgb') picture.removeAlpha()
  const encoded = format === 'jpeg' ? picture.jpeg({ quality }) : picture.webp({ quality })
  return { bytes: await encoded.toBuffer(), mediaType: `image/${format}` }
}

/**
 * A picture without its alpha ("rgb"), or its alpha alone on black ("a"), as PNG; undefined for any other channel.
 * Throws an error when the bytes are no picture.
 */
export async function convertChannel(
  bytes: Uint8Array,
  channel: string,
): Promise<EncodedPicture | undefined> {
  if (channel !== 'rgb' && channel !== 'a') return undefined
  const source = await openPicture(bytes)
  const picture = channel === 'rgb' ? source.removeAlpha() : await toAlphaOnBlack(source)
  return { bytes: await picture.png().toBuffer(), mediaType: 'image/png' }
}

async function openPicture(bytes: Uint8Array): Promise<Sharp> {
  const source = sharp(bytes, { limitInputPixels: MAX_PIXELS })
  const { format } = await source.metadata()
  if (NO_PICTURES.has(format)) throw new Error(`${format} is not read`)
  return source.toColourspace('srgb')
}

async function toAlphaOnBlack(source: Sharp): Promise<Sharp> {
  const { hasAlpha, channels, isPalette } = await source.metadata()
  // Alpha counts only beside three colours, as in the original; everything else is opaque.
  const isTransparent = hasAlpha && channels === 4 && !isPalette
  const opaque = isTransparent ? source : source.removeAlpha()
  const { data, info } = await opaque.ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  for (let at = 0; at < data.length; at += 4) data.fill(0, at, at + 3)
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 4 } })
}
