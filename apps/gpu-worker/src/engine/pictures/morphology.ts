import { zipTensors } from '../tensor/blocks.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

type Choose = (a: number, b: number) => number

/** The largest value around each one, over squares of [batch, channels, height, width]. */
function dilate(planes: Tensor, size: number): Tensor {
  return sweep(planes, { before: size - Math.floor(size / 2) - 1, after: Math.floor(size / 2) }, Math.max)
}

/** The smallest value around each one. */
function erode(planes: Tensor, size: number): Tensor {
  return sweep(planes, { before: Math.floor(size / 2), after: size - Math.floor(size / 2) - 1 }, Math.min)
}

/** Along rows, then along columns; outside there is nothing. */
function sweep(planes: Tensor, { before, after }: { before: number; after: number }, choose: Choose): Tensor {
  const [, , height, width] = planes.shape as [number, number, number, number]
  const pass = ({ shape, data }: Tensor, length: number, step: number) => {
    const output = createTensor(shape)
    for (let i = 0; i < data.length; i += 1) {
      const at = Math.floor(i / step) % length
      let found = data[i]!
      for (let k = Math.max(-before, -at); k <= Math.min(after, length - 1 - at); k += 1)
        found = choose(found, data[i + k * step]!)
      output.data[i] = found
    }
    return output
  }
  return pass(pass(planes, width, 1), height, width)
}

const difference = (a: Tensor, b: Tensor) => zipTensors(a, b, (x, y) => x - y)

/** Operations of the Morphology node by name. */
export const MORPHOLOGIES: ReadonlyMap<string, (planes: Tensor, size: number) => Tensor> = new Map([
  ['erode', erode],
  ['dilate', dilate],
  ['open', (planes, size) => dilate(erode(planes, size), size)],
  ['close', (planes, size) => erode(dilate(planes, size), size)],
  ['gradient', (planes, size) => difference(dilate(planes, size), erode(planes, size))],
  ['top_hat', (planes, size) => difference(planes, dilate(erode(planes, size), size))],
  ['bottom_hat', (planes, size) => difference(erode(dilate(planes, size), size), planes)],
])

/** A mask [count, height, width] grown by steps of one pixel, shrunk where negative; without corners when tapered. */
export function growMask(mask: Tensor, steps: number, isTapered: boolean): Tensor {
  let grown = mask
  for (let i = 0; i < Math.abs(steps); i += 1) {
    const next = growOnce(grown, isTapered, steps < 0 ? Math.min : Math.max)
    if (next.data.every((value, at) => value === grown.data[at])) return next
    grown = next
  }
  return grown
}

function growOnce({ shape, data }: Tensor, isTapered: boolean, choose: Choose): Tensor {
  const [count, height, width] = shape as [number, number, number]
  const output = createTensor(shape)
  for (let plane = 0; plane < count; plane += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const at = (plane * height + y) * width + x
        let found = data[at]!
        for (let dy = y === 0 ? 0 : -1; dy <= (y === height - 1 ? 0 : 1); dy += 1) {
          for (let dx = x === 0 ? 0 : -1; dx <= (x === width - 1 ? 0 : 1); dx += 1) {
            if (!isTapered || dx === 0 || dy === 0) found = choose(found, data[at + dy * width + dx]!)
          }
        }
        output.data[at] = found
      }
    }
  }
  return output
}
