import { createTensor, type Tensor } from '../tensor/tensor.ts'

/** A tensor and its factor in a sum. */
export type Term = readonly [factor: number, tensor: Tensor]

/** The weighted sum of tensors of one shape; each element is summed in double precision and stored as f32. */
export function combine(...terms: readonly Term[]): Tensor {
  const shape = terms[0]![1].shape
  const sum = new Float32Array(terms[0]![1].data.length)
  const [first, second, third] = terms
  if (terms.length === 2) {
    const [[a, x], [b, y]] = [first!, second!]
    for (let i = 0; i < sum.length; i += 1) sum[i] = a * x.data[i]! + b * y.data[i]!
  } else if (terms.length === 3) {
    const [[a, x], [b, y], [c, z]] = [first!, second!, third!]
    for (let i = 0; i < sum.length; i += 1) sum[i] = a * x.data[i]! + b * y.data[i]! + c * z.data[i]!
  } else {
    for (let i = 0; i < sum.length; i += 1) {
      let value = 0
      for (const [factor, tensor] of terms) value += factor * tensor.data[i]!
      sum[i] = value
    }
  }
  return createTensor(shape, sum)
}

/** One tensor times a factor. */
export function scale(factor: number, tensor: Tensor): Tensor {
  return createTensor(
    tensor.shape,
    tensor.data.map((value) => factor * value),
  )
}

/** Joins tensors of equal shape but for the first dimension along it. */
export function joinRows(tensors: readonly Tensor[]): Tensor {
  const [, ...rest] = tensors[0]!.shape
  const rows = tensors.reduce((sum, { shape }) => sum + shape[0]!, 0)
  const joined = createTensor([rows, ...rest])
  let offset = 0
  for (const { data } of tensors) {
    joined.data.set(data, offset)
    offset += data.length
  }
  return joined
}

/** Rows `from` (inclusive) to `to` (exclusive) of a tensor, as a view of its data. */
export function sliceRows({ shape, data }: Tensor, from: number, to: number): Tensor {
  const size = data.length / shape[0]!
  return createTensor([to - from, ...shape.slice(1)], data.subarray(from * size, to * size))
}
