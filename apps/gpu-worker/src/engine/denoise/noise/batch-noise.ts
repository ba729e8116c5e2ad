import { countElements, createTensor, type Tensor } from '../../tensor/tensor.ts'
import { joinRows } from '../combine.ts'
import { TorchGenerator } from './torch-generator.ts'

/**
 * ComfyUI's start noise: one draw for the whole batch from torch's CPU generator; with batch indexes, one draw an
 * index, of which each image takes its own.
 */
export function prepareBatchNoise(
  seed: bigint,
  shape: readonly number[],
  indexes?: readonly number[],
): Tensor {
  const generator = new TorchGenerator(seed)
  if (indexes === undefined) return createTensor(shape, generator.drawNormal(countElements(shape)))
  const [, ...rest] = shape
  const drawn = Array.from({ length: Math.max(...indexes) + 1 }, () =>
    createTensor([1, ...rest], generator.drawNormal(countElements(rest))),
  )
  return joinRows(indexes.map((index) => drawn[index]!))
}
