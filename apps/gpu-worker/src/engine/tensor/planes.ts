import { createTensor, type Tensor } from './tensor.ts'

/** A rectangle of [batch, channels, height, width], in pixels. */
export interface PlaneBox {
  readonly top: number
  readonly left: number
  readonly height: number
  readonly width: number
}

/** The part of each plane inside a box. */
export function cropPlanes({ shape, data }: Tensor, { top, left, height, width }: PlaneBox): Tensor {
  const [batch, channels, rows, columns] = shape as [number, number, number, number]
  const output = createTensor([batch, channels, height, width])
  for (let plane = 0; plane < batch * channels; plane += 1) {
    for (let y = 0; y < height; y += 1) {
      const from = (plane * rows + top + y) * columns + left
      output.data.set(data.subarray(from, from + width), (plane * height + y) * width)
    }
  }
  return output
}

/** Grows planes to the right and down: mirrored while there is something to mirror, then the last value repeated. */
export function padPlanes(source: Tensor, height: number, width: number): Tensor {
  const [batch, channels, rows, columns] = source.shape as [number, number, number, number]
  if (rows === height && columns === width) return source
  const output = createTensor([batch, channels, height, width])
  const [fromY, fromX] = [mirrorIndexes(rows, height), mirrorIndexes(columns, width)]
  for (let plane = 0; plane < batch * channels; plane += 1) {
    for (let y = 0; y < height; y += 1) {
      const row = (plane * rows + fromY[y]!) * columns
      for (let x = 0; x < width; x += 1)
        output.data[(plane * height + y) * width + x] = source.data[row + fromX[x]!]!
    }
  }
  return output
}

/** Grows planes on all four sides by what lies at the opposite edge. */
export function wrapPlanes({ shape, data }: Tensor, margin: number): Tensor {
  const [batch, channels, rows, columns] = shape as [number, number, number, number]
  const [height, width] = [rows + 2 * margin, columns + 2 * margin]
  const output = createTensor([batch, channels, height, width])
  const around = (index: number, size: number) => (((index - margin) % size) + size) % size
  for (let plane = 0; plane < batch * channels; plane += 1) {
    for (let y = 0; y < height; y += 1) {
      const row = (plane * rows + around(y, rows)) * columns
      for (let x = 0; x < width; x += 1)
        output.data[(plane * height + y) * width + x] = data[row + around(x, columns)]!
    }
  }
  return output
}

/** For each index of a longer side, the one of the shorter side it shows. */
function mirrorIndexes(size: number, target: number): number[] {
  return Array.from({ length: target }, (_, i) => (i < size ? i : Math.max(0, 2 * (size - 1) - i)))
}

/**
 * Makes [batch, channels factor², height / factor, width / factor] of [batch, channels, height, width]: each square of
 * pixels becomes that many channels, in torch's order.
 */
export function unshufflePixels({ shape, data }: Tensor, factor: number): Tensor {
  const [batch, channels, rows, columns] = shape as [number, number, number, number]
  const [height, width] = [Math.floor(rows / factor), Math.floor(columns / factor)]
  const output = createTensor([batch, channels * factor * factor, height, width])
  let next = 0
  for (let plane = 0; plane < batch * channels; plane += 1) {
    for (let offset = 0; offset < factor * factor; offset += 1) {
      const start = (plane * rows + Math.floor(offset / factor)) * columns + (offset % factor)
      for (let y = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1)
          output.data[next++] = data[start + y * factor * columns + x * factor]!
      }
    }
  }
  return output
}
