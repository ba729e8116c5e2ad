import { resizePixels } from '../source-image/pillow-resize.ts'
import { mapColours, premultiply, unpremultiply } from '../source-image/resize-picture.ts'
import type { Pixels } from '../image/pixels.ts'
import { joinRows, sliceRows } from '../denoise/combine.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { toChannelsFirst, toChannelsLast } from './resize-tensor.ts'

/** Resizes [batch, channels 3 or 4, height, width] as ComfyUI does with lanczos: through Pillow and its 8 bits. */
export function resizeLanczos(source: Tensor, width: number, height: number): Tensor {
  const [batch] = source.shape as [number]
  const images = toChannelsLast(source)
  const resized = Array.from({ length: batch }, (_, i) => {
    const { channels, data } = resizeAsPillow(toPixels(sliceRows(images, i, i + 1)), width, height)
    return createTensor(
      [1, height, width, channels],
      Float32Array.from(data, (value) => value / 255),
    )
  })
  return toChannelsFirst(joinRows(resized))
}

function toPixels({ shape, data }: Tensor): Pixels {
  const [, height, width, channels] = shape as [number, number, number, 3 | 4]
  const bytes = Uint8Array.from(data, (value) => Math.min(Math.max(Math.fround(value * 255), 0), 255))
  return { width, height, channels, data: bytes }
}

/** Colours are weighted by their alpha while they are mixed. */
function resizeAsPillow(pixels: Pixels, width: number, height: number): Pixels {
  // Pillow copies what has the size already: no colour is weighted and brought back.
  if (pixels.width === width && pixels.height === height) return pixels
  if (pixels.channels === 3) return resizeInOrder(pixels, width, height)
  return mapColours(resizeInOrder(mapColours(pixels, premultiply), width, height), unpremultiply)
}

/**
 * Pillow 13 does rows before columns where that takes away much more than it leaves to do; both passes round to
 * 8 bits, so that the order shows. The bound was found by comparing the two orders over many sizes.
 */
function resizeInOrder(pixels: Pixels, width: number, height: number): Pixels {
  const [lessHeight, lessWidth] = [pixels.height - height, pixels.width - width]
  const isHeightFirst = lessHeight > 0 && lessHeight > 2 * lessWidth
  const first = isHeightFirst ? resizePixels(pixels, pixels.width, height, 'lanczos') : pixels
  return resizePixels(first, width, height, 'lanczos')
}
