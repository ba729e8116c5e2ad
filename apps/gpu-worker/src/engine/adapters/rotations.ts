import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { AdapterUse } from './adapter-format.ts'

/** Keeps a division by a norm finite (both originals). */
const TINY = 1e-8

/**
 * Rotations [..., b, b] of OFT blocks [..., b, b]: with Q = B - Bᵀ, (I + Q)(I - Q)⁻¹ (Cayley). A constraint limits the
 * norm of Q: alpha in ComfyUI, alpha times the weight's rows in A1111.
 */
export function toRotations({ module, flavour, shape }: AdapterUse): Tensor {
  const blocks = module.read('oft_blocks')
  const size = blocks.shape.at(-1) ?? 1
  const skew = toSkew(blocks, size)
  const alpha = module.number('alpha') ?? 0
  const constraint = flavour === 'webui' ? alpha * (shape[0] ?? 1) : alpha
  const factor = constraint > 0 ? limitNorm(skew, constraint, flavour === 'webui') : 1
  const rotations = createTensor(blocks.shape)
  for (let at = 0; at < skew.length; at += size * size) {
    const block = skew.subarray(at, at + size * size).map((value) => value * factor)
    rotations.data.set(toRotation(block, size), at)
  }
  return rotations
}

function toSkew({ data }: Tensor, size: number): Float64Array {
  const skew = new Float64Array(data.length)
  for (let at = 0; at < data.length; at += size * size) {
    for (let row = 0; row < size; row += 1)
      for (let column = 0; column < size; column += 1)
        skew[at + row * size + column] = data[at + row * size + column]! - data[at + column * size + row]!
  }
  return skew
}

function limitNorm(skew: Float64Array, constraint: number, isWebui: boolean): number {
  const norm = Math.sqrt(skew.reduce((total, value) => total + value * value, 0))
  if (isWebui) return (Math.min(norm, constraint) + TINY) / (norm + TINY)
  return norm + TINY > constraint ? constraint / (norm + TINY) : 1
}

/** (I + Q)(I - Q)⁻¹; the two commute, so that it is the solution X of (I - Q) X = I + Q. */
function toRotation(skew: Float64Array, size: number): Float64Array {
  const width = 2 * size
  const rows = new Float64Array(size * width)
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const unit = row === column ? 1 : 0
      rows[row * width + column] = unit - skew[row * size + column]!
      rows[row * width + size + column] = unit + skew[row * size + column]!
    }
  }
  eliminate(rows, size)
  const rotation = new Float64Array(size * size)
  for (let row = 0; row < size; row += 1)
    rotation.set(rows.subarray(row * width + size, (row + 1) * width), row * size)
  return rotation
}

/** Gauss-Jordan on [A | B], in place. I - Q is never singular, and its symmetric part is I: no pivoting is needed. */
function eliminate(rows: Float64Array, size: number): void {
  const width = 2 * size
  for (let pivot = 0; pivot < size; pivot += 1) {
    const inverse = 1 / rows[pivot * width + pivot]!
    for (let column = pivot; column < width; column += 1) rows[pivot * width + column]! *= inverse
    for (let row = 0; row < size; row += 1) {
      const factor = rows[row * width + pivot]!
      if (row === pivot || factor === 0) continue
      for (let column = pivot; column < width; column += 1)
        rows[row * width + column]! -= factor * rows[pivot * width + column]!
    }
  }
}
