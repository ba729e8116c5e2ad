import { ResizeMode } from '@atelier/proto'
import type { Pixels } from '../image/pixels.ts'
import { stretchRow } from './edge-row.ts'
import { resizePixels, transposePixels } from './pillow-resize.ts'

/** Enlarges a picture by a factor, to about that size. */
export type EnlargePicture = (picture: Pixels, factor: number) => Promise<Pixels>

/** Brings a picture to a size by one of A1111's modes with Lanczos; where the latent is to be resized, bands are filled. */
export function fitImage(source: Pixels, width: number, height: number, mode: ResizeMode): Pixels {
  const layout = planLayout(source, width, height, mode)
  return place(resizePixels(source, layout.width, layout.height, 'lanczos'), { width, height, mode })
}

/** The same, pictures that grow being enlarged by an upscaler first. */
export async function fitImageWith(
  enlarge: EnlargePicture,
  source: Pixels,
  { width, height, mode }: Target,
): Promise<Pixels> {
  const layout = planLayout(source, width, height, mode)
  const factor = Math.max(layout.width / source.width, layout.height / source.height)
  const enlarged = factor > 1 ? await enlarge(source, factor) : source
  return place(resizePixels(enlarged, layout.width, layout.height, 'lanczos'), { width, height, mode })
}

interface Target {
  readonly width: number
  readonly height: number
  readonly mode: ResizeMode
}

/** The size the whole picture is brought to before it is cut or laid on bands. */
function planLayout(
  source: Pixels,
  width: number,
  height: number,
  mode: ResizeMode,
): { width: number; height: number } {
  if (mode === ResizeMode.RESIZE_MODE_STRETCH) return { width, height }
  const [aspect, own] = [width / height, source.width / source.height]
  const byHeight = Math.floor((source.width * height) / source.height)
  const byWidth = Math.floor((source.height * width) / source.width)
  if (mode === ResizeMode.RESIZE_MODE_CROP) {
    return aspect > own ? { width, height: byWidth } : { width: byHeight, height }
  }
  return {
    width: aspect < own ? width : byHeight,
    height: aspect >= own ? height : byWidth,
  }
}

/** Puts a scaled picture into the middle; bands beside it, if any, are filled from its edge. */
function place(scaled: Pixels, { width, height, mode }: Target): Pixels {
  if (scaled.width === width && scaled.height === height) return scaled
  const left = Math.floor(width / 2) - Math.floor(scaled.width / 2)
  const top = Math.floor(height / 2) - Math.floor(scaled.height / 2)
  const canvas = createCanvas(width, height, scaled.channels)
  paste(canvas, scaled, left, top)
  if (mode === ResizeMode.RESIZE_MODE_CROP) return canvas
  if (scaled.width === width) fillBands(canvas, scaled, top)
  else return transposePixels(fillBands(transposePixels(canvas), transposePixels(scaled), left))
  return canvas
}

/** Fills `size` rows above the picture and as many below it. */
function fillBands(canvas: Pixels, scaled: Pixels, size: number): Pixels {
  if (size <= 0) return canvas
  const { width, channels } = scaled
  for (const [row, start] of [
    [stretchRow(scaled, 'first'), 0],
    [stretchRow(scaled, 'last'), size + scaled.height],
  ] as const) {
    const band = new Uint8Array(row.length * size)
    for (let y = 0; y < size; y += 1) band.set(row, y * row.length)
    paste(canvas, { width, height: size, channels, data: band }, 0, start)
  }
  return canvas
}

function createCanvas(width: number, height: number, channels: 3 | 4): Pixels {
  return { width, height, channels, data: new Uint8Array(width * height * channels) }
}

function paste(canvas: Pixels, picture: Pixels, left: number, top: number): void {
  const { width, height, channels, data } = canvas
  for (let y = Math.max(0, top); y < Math.min(height, top + picture.height); y += 1) {
    for (let x = Math.max(0, left); x < Math.min(width, left + picture.width); x += 1) {
      const from = ((y - top) * picture.width + x - left) * channels
      data.set(picture.data.subarray(from, from + channels), (y * width + x) * channels)
    }
  }
}
