import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** Means over squares of 2 x radius + 1 around each value of [batch, channels, height, width]; edges are repeated. */
export function boxMean(planes: Tensor, radius: number): Tensor {
  const [, , height, width] = planes.shape as [number, number, number, number]
  const sweep = ({ shape, data }: Tensor, length: number, step: number): Tensor => {
    const output = createTensor(shape)
    for (let i = 0; i < data.length; i += 1) {
      const at = Math.floor(i / step) % length
      let sum = 0
      for (let k = -radius; k <= radius; k += 1)
        sum += data[i + (Math.min(Math.max(at + k, 0), length - 1) - at) * step]!
      output.data[i] = sum / (2 * radius + 1)
    }
    return output
  }
  return sweep(sweep(planes, width, 1), height, width)
}
