import { createTensor, type Tensor } from '../../tensor/tensor.ts'

/** Vectors closer than this are interpolated linearly. */
const NEARLY_PARALLEL = 0.9995

/**
 * Interpolates two noises [channels, height, width] on the sphere, as A1111 does: columns are the vectors, and the
 * linear fallback has its shares the other way round.
 */
export function slerp(share: number, low: Tensor, high: Tensor): Tensor {
  const [channels, height, width] = low.shape as [number, number, number]
  const cosines = new Float64Array(channels * width)
  for (let c = 0; c < channels; c += 1) {
    for (let x = 0; x < width; x += 1)
      cosines[c * width + x] = cosineOfColumn(low, high, { c, x, height, width })
  }
  const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length
  if (mean > NEARLY_PARALLEL) {
    return createTensor(
      low.shape,
      low.data.map((value, i) => value * share + high.data[i]! * (1 - share)),
    )
  }
  const mixed = createTensor(low.shape)
  for (let i = 0; i < mixed.data.length; i += 1) {
    const column = Math.floor(i / (height * width)) * width + (i % width)
    const angle = Math.acos(cosines[column]!)
    const sine = Math.sin(angle)
    mixed.data[i] =
      (Math.sin((1 - share) * angle) / sine) * low.data[i]! + (Math.sin(share * angle) / sine) * high.data[i]!
  }
  return mixed
}

interface Column {
  readonly c: number
  readonly x: number
  readonly height: number
  readonly width: number
}

function cosineOfColumn(low: Tensor, high: Tensor, { c, x, height, width }: Column): number {
  let [product, lowSquare, highSquare] = [0, 0, 0]
  for (let y = 0; y < height; y += 1) {
    const i = (c * height + y) * width + x
    product += low.data[i]! * high.data[i]!
    lowSquare += low.data[i]! ** 2
    highSquare += high.data[i]! ** 2
  }
  return product / Math.sqrt(lowSquare * highSquare)
}
