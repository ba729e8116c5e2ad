import { createTensor, type Tensor } from '../../tensor/tensor.ts'

const f32 = Math.fround

// Each operation is rounded to f32 as in the originals: from the sigmas of zero terminal SNR, thousands of times the
// picture's own size, the rounding shows in the result.

/** Derivative of the latent by sigma on the probability-flow path: `(x - clean) / sigma`. */
export function slopeOf(latent: Tensor, sigma: number, clean: Tensor): Tensor {
  const divisor = f32(sigma)
  return createTensor(
    latent.shape,
    latent.data.map((x, i) => f32(x - clean.data[i]!) / divisor),
  )
}

/** Follows a slope over a change of sigma: `x + slope * change`. */
export function follow(latent: Tensor, slope: Tensor, change: number): Tensor {
  const factor = f32(change)
  return createTensor(
    latent.shape,
    latent.data.map((x, i) => x + f32(slope.data[i]! * factor)),
  )
}
