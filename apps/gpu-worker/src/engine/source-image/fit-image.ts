import { ResizeMode } from '@atelier/proto'
import type { Pixels } from '../image/pixels.ts'
import { resizePixels } from './pillow-resize.ts'

/** Brings a picture to a size by one of A1111's modes; latent resizing stretches here, as it does there for pixels. */
export function fitImage(source: Pixels, width: number, height: number, mode: ResizeMode): Pixels {
  if (mode === ResizeMode.RESIZE_MODE_CROP) return cover(source, width, height)
  if (mode === ResizeMode.RESIZE_MODE_FILL) return contain(source, width, height)
  return resizePixels(source, width, height, 'lanczos')
}

function cover(source: Pixels, width: number, height: number): Pixels {
  const isWider = width / height > source.width / source.height
  const scaledWidth = isWider ? width : Math.floor((source.width * height) / source.height)
  const scaledHeight = isWider ? Math.floor((source.height * width) / source.width) : height
  const scaled = resizePixels(source, scaledWidth, scaledHeight, 'lanczos')
  const canvas = createCanvas(width, height, source.channels)
  const [left, top] = [
    Math.floor(width / 2) - Math.floor(scaledWidth / 2),
    Math.floor(height / 2) - Math.floor(scaledHeight / 2),
  ]
  return paste(canvas, scaled, left, top)
}

function contain(source: Pixels, width: number, height: number): Pixels {
  const isWider = width / height > source.width / source.height
  const scaledWidth = isWider ? Math.floor((source.width * height) / source.height) : width
  const scaledHeight = isWider ? height : Math.floor((source.height * width) / source.width)
  const scaled = resizePixels(source, scaledWidth, scaledHeight, 'lanczos')
  const [left, top] = [
    Math.floor(width / 2) - Math.floor(scaledWidth / 2),
    Math.floor(height / 2) - Math.floor(scaledHeight / 2),
  ]
  const canvas = paste(createCanvas(width, height, source.channels), scaled, left, top)
  return fillEdges(canvas, { left, top, right: left + scaledWidth, bottom: top + scaledHeight })
}

interface Box {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Repeats the outermost rows and columns of the picture over the empty edges. */
function fillEdges({ width, height, channels, data }: Pixels, box: Box): Pixels {
  const output = new Uint8Array(data.length)
  for (let y = 0; y < height; y += 1) {
    const fromY = Math.min(Math.max(y, box.top), box.bottom - 1)
    for (let x = 0; x < width; x += 1) {
      const fromX = Math.min(Math.max(x, box.left), box.right - 1)
      for (let c = 0; c < channels; c += 1) {
        output[(y * width + x) * channels + c] = data[(fromY * width + fromX) * channels + c]!
      }
    }
  }
  return { width, height, channels, data: output }
}

function createCanvas(width: number, height: number, channels: 3 | 4): Pixels {
  return { width, height, channels, data: new Uint8Array(width * height * channels) }
}

function paste(canvas: Pixels, picture: Pixels, left: number, top: number): Pixels {
  const { width, height, channels, data } = canvas
  for (let y = Math.max(0, top); y < Math.min(height, top + picture.height); y += 1) {
    for (let x = Math.max(0, left); x < Math.min(width, left + picture.width); x += 1) {
      const from = ((y - top) * picture.width + x - left) * channels
      data.set(picture.data.subarray(from, from + channels), (y * width + x) * channels)
    }
  }
  return canvas
}
