import sharp, { type OverlayOptions, type Sharp } from 'sharp'

/** A picture's raw colours: a byte a channel, row by row from the top. */
export interface Pixels {
  readonly width: number
  readonly height: number
  /** Red, green and blue, and how opaque it is where there are four. */
  readonly channels: 3 | 4
  readonly data: Uint8Array
}

/** A picture: a file of any kind, or its pixels. */
export type Picture = Uint8Array | Pixels

/** A picture for sharp to work on. */
export function openPicture(picture: Picture): Sharp {
  if (picture instanceof Uint8Array) return sharp(picture)
  const { width, height, channels, data } = picture
  return sharp(data, { raw: { width, height, channels } })
}

/** What sharp was told to make, as pixels. */
export async function readPixels(made: Sharp): Promise<Pixels> {
  const { data, info } = await made.raw().toBuffer({ resolveWithObject: true })
  return { width: info.width, height: info.height, channels: info.channels === 4 ? 4 : 3, data }
}

/** A rectangle of one colour, "#rrggbb". */
export function fillPixels(width: number, height: number, background: string): Promise<Pixels> {
  return readPixels(sharp({ create: { width, height, channels: 3, background } }))
}

/** A picture's size, pixels; a file's without reading the whole of it. */
export async function measurePicture(picture: Picture): Promise<{ width: number; height: number }> {
  const { width, height } = picture instanceof Uint8Array ? await sharp(picture).metadata() : picture
  return { width, height }
}

/** A picture to be laid over another one, at a place in it. */
export function toOverlay(picture: Picture, place: { left: number; top: number }): OverlayOptions {
  if (picture instanceof Uint8Array) return { input: Buffer.from(picture), ...place }
  const { width, height, channels, data } = picture
  return { input: Buffer.from(data), raw: { width, height, channels }, ...place }
}
