import { createTensor, type Tensor } from '../../tensor/tensor.ts'
import type { EmphasisMode } from './parse-emphasis.ts'

/** Mean over a [rows, …] array whose rows count several times. */
function computeMean(values: Float32Array, rowCounts: readonly number[]): number {
  const rowSize = values.length / rowCounts.length
  let sum = 0
  rowCounts.forEach((count, row) => {
    let rowSum = 0
    for (let index = row * rowSize; index < (row + 1) * rowSize; index++) rowSum += values[index]!
    sum += rowSum * count
  })
  return sum / (rowSize * rowCounts.reduce((total, count) => total + count, 0))
}

/** The weights of the rows of an encoder call. */
export interface RowWeights {
  /** [rows][77]. */
  readonly weights: readonly (readonly number[])[]
  /** How many rows of the original's call each row stands for; absent: one. */
  readonly rowCounts?: readonly number[] | undefined
}

/**
 * Multiplies each token's vector by its weight. `hidden` is [rows, 77, width], the rows of one encoder call. "Original"
 * then restores the mean over the whole of `hidden`. "Ignore" and "None" change nothing.
 */
export function applyEmphasis(
  hidden: Tensor,
  { weights, rowCounts }: RowWeights,
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
  const counts = rowCounts ?? weights.map(() => 1)
  const factor = computeMean(hidden.data, counts) / computeMean(weighted, counts)
  return createTensor(
    hidden.shape,
    weighted.map((value) => value * factor),
  )
}
