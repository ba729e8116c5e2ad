import { resizeTensor } from '../resample/resize-tensor.ts'
import { flattenMask, repeatToBatch } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** Where and how a source is laid over a destination. */
export interface PasteOptions {
  /** In the units the node takes. */
  readonly x: number
  readonly y: number
  /** Those units in one cell of the tensors: 8 for latents, 1 for pictures. */
  readonly cell: number
  /** The source takes the destination's size. */
  readonly resizes: boolean
  /** 1 where the source shows; any size. */
  readonly mask?: Tensor | undefined
}

/**
 * Lays a source over a destination, both [batch, channels, height, width], as ComfyUI's masked composites do.
 * @throws RangeError when their channels differ
 */
export function pasteMasked(destination: Tensor, source: Tensor, options: PasteOptions): Tensor {
  const [batch, channels, rows, columns] = destination.shape as [number, number, number, number]
  const sized = options.resizes ? resizeTensor(source, columns, rows, 'bilinear') : source
  const own = repeatToBatch(sized, batch)
  const [, ownChannels, height, width] = own.shape as [number, number, number, number]
  if (ownChannels !== channels && ownChannels !== 1)
    throw new RangeError(`a source of ${ownChannels} channels does not fit ${channels}`)
  const mask = options.mask && fitToSource(options.mask, { height, width, batch })
  const left = toCell(options.x, width, columns, options.cell)
  const top = toCell(options.y, height, rows, options.cell)
  const output = createTensor(destination.shape, Float32Array.from(destination.data))
  for (let b = 0; b < batch; b += 1) {
    for (let c = 0; c < channels; c += 1) {
      for (let y = Math.max(0, -top); y < Math.min(height, rows - top); y += 1) {
        for (let x = Math.max(0, -left); x < Math.min(width, columns - left); x += 1) {
          const share = mask === undefined ? 1 : mask.data[(b * height + y) * width + x]!
          const to = ((b * channels + c) * rows + top + y) * columns + left + x
          const from = ((b * ownChannels + (c % ownChannels)) * height + y) * width + x
          output.data[to] = share * own.data[from]! + Math.fround(1 - share) * output.data[to]!
        }
      }
    }
  }
  return output
}

function toCell(at: number, size: number, limit: number, cell: number): number {
  return Math.floor(Math.max(-size * cell, Math.min(at, limit * cell)) / cell)
}

function fitToSource(
  mask: Tensor,
  { height, width, batch }: { height: number; width: number; batch: number },
): Tensor {
  const { shape, data } = flattenMask(mask)
  const [count, ownHeight, ownWidth] = shape as [number, number, number]
  const planes = createTensor([count, 1, ownHeight, ownWidth], data)
  return repeatToBatch(resizeTensor(planes, width, height, 'bilinear'), batch)
}
