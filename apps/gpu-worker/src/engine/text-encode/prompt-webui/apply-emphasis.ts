import { createTensor } from '../../tensor/tensor.ts'
import type { Tensor } from '../../tensor/tensor.ts'
import type { EmphasisMode } from './parse-emphasis.ts'

function computeMean(values: Float32Array): number {
  let sum = 0
  for (const value of values) sum += value
  return sum / values.length
}

/**
 * Multiplies each token's vector by its weight. `hidden` is [rows, 77, width], the rows of one encoder call; `weights` is
 * [rows][77]. "Original" then restores the mean over the whole of `hidden`. "Ignore" and "None" change nothing.
 */
export function applyEmphasis(
  hidden: Tensor,
  weights: readonly (readonly number[])[],
  mode: EmphasisMode,
): Tensor {
  if (mode === 'None' || mode === 'Ignore') return hidden
  const [, tokenCount = 0, width = 0] = hidden.shape
  const weighted = Float32Array.from(hidden.data)
  weights.forEach((row, rowIndex) => {
    row.forEach((weight, token) => {
      const start = (rowIndex * tokenCount + token) * width
      for (let index = start; index < start + width; index++) weighted[index]! *= weight
    })
  })
  if (mode === 'No norm') return createTensor(hidden.shape, weighted)
  const factor = computeMean(hidden.data) / computeMean(weighted)
  return createTensor(
    hidden.shape,
    weighted.map((value) => value * factor),
  )
}
