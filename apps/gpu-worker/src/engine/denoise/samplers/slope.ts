import type { Tensor } from '../../tensor/tensor.ts'
import { combine } from '../combine.ts'

/** Derivative of the latent by sigma on the probability-flow path: `(x - clean) / sigma`. */
export function slopeOf(latent: Tensor, sigma: number, clean: Tensor): Tensor {
  return combine([1 / sigma, latent], [-1 / sigma, clean])
}
