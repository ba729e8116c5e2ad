import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** A tensor and its factor in a sum. */
export type Term = readonly [factor: number, tensor: Tensor]

/** The weighted sum of tensors of one shape; each element is summed in double precision and stored as f32. */
export function combine(...terms: readonly Term[]): Tensor {
  const [first, second, third] = terms
  const sum = new Float32Array(first![1].data.length)
  if (terms.length === 2) addTwo(sum, first!, second!)
  else if (terms.length === 3) addThree(sum, first!, second!, third!)
  else {
    for (let i = 0; i < sum.length; i += 1) {
      let value = 0
      for (const [factor, tensor] of terms) value += factor * tensor.data[i]!
      sum[i] = value
    }
  }
  return createTensor(first![1].shape, sum)
}

// Between two calls of the network: arrays at hand, so that the loops stay tight.

function addTwo(sum: Float32Array, [a, { data: x }]: Term, [b, { data: y }]: Term): void {
  for (let i = 0; i < sum.length; i += 1) sum[i] = a * x[i]! + b * y[i]!
}

function addThree(
  sum: Float32Array,
  [a, { data: x }]: Term,
  [b, { data: y }]: Term,
  [c, { data: z }]: Term,
): void {
  for (let i = 0; i < sum.length; i += 1) sum[i] = a * x[i]! + b * y[i]! + c * z[i]!
}

/** One tensor times a factor. */
export function scale(factor: number, { shape, data }: Tensor): Tensor {
  const scaled = new Float32Array(data.length)
  for (let i = 0; i < scaled.length; i += 1) scaled[i] = factor * data[i]!
  return createTensor(shape, scaled)
}

/** Joins tensors of equal shape but for the first dimension along it; up to `rows` rows the last one is repeated. */
export function joinRows(tensors: readonly Tensor[], rows = 0): Tensor {
  const [, ...rest] = tensors[0]!.shape
  const own = tensors.reduce((sum, { shape }) => sum + shape[0]!, 0)
  const joined = createTensor([Math.max(own, rows), ...rest])
  let offset = 0
  for (const { data } of tensors) {
    joined.data.set(data, offset)
    offset += data.length
  }
  const last = joined.data.subarray(offset - offset / own, offset)
  for (; offset < joined.data.length; offset += last.length) joined.data.set(last, offset)
  return joined
}

/** Joins rows as `joinRows` does. */
export type RowJoiner = typeof joinRows

/**
 * Joins rows as `joinRows` does and gives the same tensor again for the same parts: contexts, the largest input of a UNet,
 * stay over the steps of a job. The last `kept` answers are remembered.
 */
export function createRowJoiner(kept: number): RowJoiner {
  const known: { readonly parts: readonly Tensor[]; readonly rows: number; readonly joined: Tensor }[] = []
  return (parts, rows = 0) => {
    const found = known.find(
      (entry) =>
        entry.rows === rows &&
        entry.parts.length === parts.length &&
        entry.parts.every((part, i) => part === parts[i]),
    )
    if (found !== undefined) return found.joined
    const joined = joinRows(parts, rows)
    known.unshift({ parts, rows, joined })
    known.length = Math.min(known.length, kept)
    return joined
  }
}

/** Rows `from` (inclusive) to `to` (exclusive) of a tensor, as a view of its data. */
export function sliceRows({ shape, data }: Tensor, from: number, to: number): Tensor {
  const size = data.length / shape[0]!
  return createTensor([to - from, ...shape.slice(1)], data.subarray(from * size, to * size))
}
