import { mapTensor } from '../tensor/blocks.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { ModelSampling } from './model-sampling.ts'

/**
 * A soft mask as one that grows while the noise falls: a place is drawn once its value reaches the share of timesteps
 * left (Levin & Fried 2023, arXiv 2306.00950). A share below 1 leaves some of the soft mask; 0 counts as 1.
 */
export function createThresholdMask(
  mask: Tensor,
  { sigmas, model, share }: { sigmas: readonly number[]; model: ModelSampling; share: number },
): (sigma: number) => Tensor {
  const from = model.toNearestTimestep(sigmas[0]!)
  const to = model.toNearestTimestep(Math.max(sigmas.at(-1)!, model.sigmaMin))
  const hard = share > 0 && share < 1 ? share : 1
  return (sigma) => {
    const threshold = (model.toNearestTimestep(sigma) - to) / (from - to)
    return mapTensor(mask, (value) => hard * (value >= threshold ? 1 : 0) + (1 - hard) * value)
  }
}
