import { EngineError } from '../engine-error.ts'
import { areFinite, hasNaN, type Tensor } from '../tensor/tensor.ts'

/** The networks A1111 names when their numbers are none. */
export type CheckedNetwork = 'Unet' | 'VAE'

/**
 * What a network gave, where all of it is numbers; and where what it was given was none already, which is not its doing
 * (a guidance scale without bounds).
 * @throws EngineError `not-a-number` in A1111's words
 */
export function refuseNaN(output: Tensor, network: CheckedNetwork, inputs: readonly Tensor[]): Tensor {
  if (!hasNaN(output.data)) return output
  if (!inputs.every(({ data }) => areFinite(data))) return output
  throw new EngineError('not-a-number', describeNaN(network), { exceptionType: 'NansException' })
}

/** What is said of a network whose numbers are none. */
export function describeNaN(network: CheckedNetwork): string {
  return `A tensor with NaNs was produced in ${network}.`
}
