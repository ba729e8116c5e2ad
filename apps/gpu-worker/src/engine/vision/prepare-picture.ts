import { roundHalfEven } from '../resample/common-upscale.ts'
import { resizeTensor, toChannelsFirst } from '../resample/resize-tensor.ts'
import { sliceAxis } from '../tensor/blocks.ts'
import { cropPlanes } from '../tensor/planes.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** Means and deviations of the pictures CLIP was trained with, by channel. */
const MEANS = [0.48145466, 0.4578275, 0.40821073]
const DEVIATIONS = [0.26862954, 0.26130258, 0.27577711]

/**
 * Pictures [batch, height, width, 3 or more], 0 to 1, as CLIP sees them: [batch, 3, size, size] of normalised values that
 * eight bits can hold, the middle cut out or the whole brought to a square.
 */
export function preparePictures(pictures: Tensor, size: number, isCropped: boolean): Tensor {
  const sized = toSquare(toChannelsFirst(sliceAxis(pictures, 3, { from: 0, to: 3 })), size, isCropped)
  const plane = size * size
  return createTensor(
    sized.shape,
    sized.data.map((value, i) => {
      const channel = Math.floor(i / plane) % 3
      const bytes = roundHalfEven(Math.min(Math.max(255 * value, 0), 255)) / 255
      return (bytes - MEANS[channel]!) / DEVIATIONS[channel]!
    }),
  )
}

function toSquare(pictures: Tensor, size: number, isCropped: boolean): Tensor {
  const [height, width] = pictures.shape.slice(2) as [number, number]
  if (height === size && width === size) return pictures
  if (!isCropped) return resizeTensor(pictures, size, size, 'bicubic-antialiased')
  const factor = size / Math.min(height, width)
  const [rows, columns] = [height, width].map((side) => roundHalfEven(factor * side)) as [number, number]
  const sized = resizeTensor(pictures, columns, rows, 'bicubic-antialiased')
  const [top, left] = [Math.floor((rows - size) / 2), Math.floor((columns - size) / 2)]
  return cropPlanes(sized, { top, left, height: size, width: size })
}
