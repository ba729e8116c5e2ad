import type { Pixels } from '../image/pixels.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** One decoded picture [3, height, width], about -1 to 1, as bytes: clamped and truncated, as A1111 and ComfyUI do. */
export function toPixels({ shape, data }: Tensor): Pixels {
  const [height, width] = shape.slice(-2) as [number, number]
  const plane = height * width
  const output = new Uint8Array(3 * plane)
  for (let i = 0; i < plane; i += 1) {
    for (let c = 0; c < 3; c += 1) {
      const value = Math.min(Math.max((data[c * plane + i]! + 1) / 2, 0), 1)
      output[3 * i + c] = Math.trunc(Math.fround(value * 255))
    }
  }
  return { width, height, channels: 3, data: output }
}

/** A picture as the autoencoder takes it: [1, 3, height, width], -1 to 1. */
export function fromPixels({ width, height, channels, data }: Pixels): Tensor {
  const plane = width * height
  const values = new Float32Array(3 * plane)
  for (let i = 0; i < plane; i += 1) {
    for (let c = 0; c < 3; c += 1) values[c * plane + i] = (data[channels * i + c]! / 255) * 2 - 1
  }
  return createTensor([1, 3, height, width], values)
}
