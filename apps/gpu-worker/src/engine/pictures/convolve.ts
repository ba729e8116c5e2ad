import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** A Gaussian over coordinates from -1 to 1, `2 radius + 1` squared values that add up to one, as ComfyUI's nodes have it. */
export function gaussianKernel(radius: number, sigma: number): Float64Array {
  const side = 2 * radius + 1
  const at = (i: number) => (side === 1 ? -1 : -1 + (2 * i) / (side - 1))
  const kernel = Float64Array.from({ length: side * side }, (_, i) => {
    const [y, x] = [at(Math.floor(i / side)), at(i % side)]
    return Math.exp(-(x * x + y * y) / (2 * sigma * sigma))
  })
  const sum = kernel.reduce((total, value) => total + value, 0)
  return kernel.map((value) => value / sum)
}

/** A kernel that takes ten times `alpha` of the Gaussian away and keeps a sum of one. */
export function sharpeningKernel(radius: number, sigma: number, alpha: number): Float64Array {
  const kernel = gaussianKernel(radius, sigma).map((value) => -value * alpha * 10)
  const sum = kernel.reduce((total, value) => total + value, 0)
  kernel[(kernel.length - 1) / 2]! += 1 - sum
  return kernel
}

/**
 * Convolves [batch, channels, height, width] with a square kernel, edges mirrored.
 * @throws RangeError when the radius is not smaller than both sides
 */
export function convolve({ shape, data }: Tensor, kernel: Float64Array): Tensor {
  const [batch, channels, height, width] = shape as [number, number, number, number]
  const side = Math.sqrt(kernel.length)
  const radius = (side - 1) / 2
  if (radius >= height || radius >= width)
    throw new RangeError(`a radius of ${radius} must be smaller than the sides ${width}x${height}`)
  const mirror = (at: number, size: number) => (at < 0 ? -at : at >= size ? 2 * size - 2 - at : at)
  const columns = Array.from({ length: width + 2 * radius }, (_, x) => mirror(x - radius, width))
  const output = createTensor(shape)
  for (let plane = 0; plane < batch * channels; plane += 1) {
    const start = plane * height * width
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        let sum = 0
        for (let ky = 0; ky < side; ky += 1) {
          const row = start + mirror(y + ky - radius, height) * width
          for (let kx = 0; kx < side; kx += 1) sum += kernel[ky * side + kx]! * data[row + columns[x + kx]!]!
        }
        output.data[start + y * width + x] = sum
      }
    }
  }
  return output
}
