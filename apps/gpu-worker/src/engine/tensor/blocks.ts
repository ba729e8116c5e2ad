import { createTensor, type Tensor } from './tensor.ts'

/** Part of an axis: `from` inclusive, `to` exclusive; a negative end counts from the axis' end, as Python slices do. */
export interface Span {
  readonly from: number
  readonly to?: number | undefined
}

/** A span's bounds within an axis, empty when they cross. */
export function resolveSpan(size: number, { from, to = size }: Span): { start: number; length: number } {
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + size : at, 0), size)
  const start = clamp(from)
  return { start, length: Math.max(clamp(to) - start, 0) }
}

/** The part of a tensor inside a span of one axis. */
export function sliceAxis(source: Tensor, axis: number, span: Span): Tensor {
  const size = source.shape[axis]!
  const { start, length } = resolveSpan(size, span)
  const inner = source.shape.slice(axis + 1).reduce((product, n) => product * n, 1)
  const outer = source.shape.slice(0, axis).reduce((product, n) => product * n, 1)
  const part = createTensor(source.shape.map((n, at) => (at === axis ? length : n)))
  for (let i = 0; i < outer; i += 1) {
    const at = (i * size + start) * inner
    part.data.set(source.data.subarray(at, at + length * inner), i * length * inner)
  }
  return part
}

/**
 * Joins tensors along an axis.
 * @throws RangeError when another axis differs
 */
export function joinAxis(tensors: readonly Tensor[], axis: number): Tensor {
  const first = tensors[0]!.shape
  for (const { shape } of tensors) {
    if (shape.length !== first.length || shape.some((n, at) => at !== axis && n !== first[at]))
      throw new RangeError(`tensors of [${first.join(', ')}] and [${shape.join(', ')}] cannot be joined`)
  }
  const total = tensors.reduce((sum, { shape }) => sum + shape[axis]!, 0)
  const joined = createTensor(first.map((n, at) => (at === axis ? total : n)))
  const inner = first.slice(axis + 1).reduce((product, n) => product * n, 1)
  const outer = first.slice(0, axis).reduce((product, n) => product * n, 1)
  let offset = 0
  for (const { shape, data } of tensors) {
    const length = shape[axis]! * inner
    for (let i = 0; i < outer; i += 1)
      joined.data.set(data.subarray(i * length, (i + 1) * length), i * total * inner + offset)
    offset += length
  }
  return joined
}

/** A tensor with one axis turned around. */
export function flipAxis(source: Tensor, axis: number): Tensor {
  const slices = Array.from({ length: source.shape[axis]! }, (_, i) =>
    sliceAxis(source, axis, { from: i, to: i + 1 }),
  )
  return joinAxis(slices.reverse(), axis)
}

/** Quarter turns, clockwise, of the plane of two neighbouring axes (rows, then columns). */
export function turnPlane(source: Tensor, rowAxis: number, turns: number): Tensor {
  let turned = source
  for (let i = 0; i < turns % 4; i += 1) turned = turnOnce(turned, rowAxis)
  return turned
}

function turnOnce({ shape, data }: Tensor, rowAxis: number): Tensor {
  const [rows, columns] = [shape[rowAxis]!, shape[rowAxis + 1]!]
  const inner = shape.slice(rowAxis + 2).reduce((product, n) => product * n, 1)
  const outer = shape.slice(0, rowAxis).reduce((product, n) => product * n, 1)
  const turned = createTensor([...shape.slice(0, rowAxis), columns, rows, ...shape.slice(rowAxis + 2)])
  for (let o = 0; o < outer; o += 1) {
    for (let y = 0; y < rows; y += 1) {
      for (let x = 0; x < columns; x += 1) {
        const from = ((o * rows + y) * columns + x) * inner
        const to = ((o * columns + x) * rows + (rows - 1 - y)) * inner
        turned.data.set(data.subarray(from, from + inner), to)
      }
    }
  }
  return turned
}

/** A batch brought to a number of items: cut, or repeated from its start. */
export function repeatToBatch(source: Tensor, count: number): Tensor {
  const own = source.shape[0]!
  if (own === count) return source
  const size = source.data.length / own
  const repeated = createTensor([count, ...source.shape.slice(1)])
  for (let i = 0; i < count; i += 1)
    repeated.data.set(source.data.subarray((i % own) * size, ((i % own) + 1) * size), i * size)
  return repeated
}

/** A tensor whose every value went through a function. */
export function mapTensor({ shape, data }: Tensor, map: (value: number) => number): Tensor {
  return createTensor(shape, data.map(map))
}

/**
 * Two tensors' values through a function, element by element; an axis of one item fits any other.
 * @throws RangeError when shapes do not fit
 */
export function zipTensors(a: Tensor, b: Tensor, join: (a: number, b: number) => number): Tensor {
  const rank = Math.max(a.shape.length, b.shape.length)
  const pad = (shape: readonly number[]) => [...new Array<number>(rank - shape.length).fill(1), ...shape]
  const [left, right] = [pad(a.shape), pad(b.shape)]
  const shape = left.map((n, axis) => {
    const other = right[axis]!
    if (n !== other && n !== 1 && other !== 1)
      throw new RangeError(`shapes [${a.shape.join(', ')}] and [${b.shape.join(', ')}] do not fit`)
    return n === 1 ? other : n
  })
  const output = createTensor(shape)
  const [fromA, fromB] = [spreadIndexes(left, shape), spreadIndexes(right, shape)]
  for (let i = 0; i < output.data.length; i += 1) output.data[i] = join(a.data[fromA(i)]!, b.data[fromB(i)]!)
  return output
}

function spreadIndexes(own: readonly number[], target: readonly number[]): (index: number) => number {
  if (own.every((n, axis) => n === target[axis])) return (index) => index
  return (index) => {
    let [rest, stride, found] = [index, 1, 0]
    for (let axis = target.length - 1; axis >= 0; axis -= 1) {
      const at = rest % target[axis]!
      rest = Math.floor(rest / target[axis]!)
      if (own[axis] !== 1) found += at * stride
      stride *= own[axis]!
    }
    return found
  }
}

/** A mask of any leading shape as [count, height, width]. */
export function flattenMask({ shape, data }: Tensor): Tensor {
  const [height, width] = shape.slice(-2) as [number, number]
  return createTensor([data.length / (height * width), height, width], data)
}
