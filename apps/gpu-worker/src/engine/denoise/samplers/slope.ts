import { createTensor, type Tensor } from '../../tensor/tensor.ts'

const f32 = Math.fround

// Each operation is rounded to f32 as in the originals: from the sigmas of zero terminal SNR, thousands of times the
// picture's own size, the rounding shows in the result. Loops, because all of it is done between two calls of the network.

/** Derivative of the latent by sigma on the probability-flow path: `(x - clean) / sigma`. */
export function slopeOf({ shape, data }: Tensor, sigma: number, { data: clean }: Tensor): Tensor {
  const divisor = f32(sigma)
  const slope = new Float32Array(data.length)
  for (let i = 0; i < slope.length; i += 1) slope[i] = f32(data[i]! - clean[i]!) / divisor
  return createTensor(shape, slope)
}

/** Follows a slope over a change of sigma: `x + slope * change`. */
export function follow({ shape, data }: Tensor, { data: slope }: Tensor, change: number): Tensor {
  const factor = f32(change)
  const followed = new Float32Array(data.length)
  for (let i = 0; i < followed.length; i += 1) followed[i] = data[i]! + f32(slope[i]! * factor)
  return createTensor(shape, followed)
}
