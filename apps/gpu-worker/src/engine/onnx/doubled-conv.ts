import type { Graph, Op, Value } from './graph.ts'
import { LAYERS } from './layer-ops.ts'
import type { OpWriter } from './op-writer.ts'

/** What a convolution over an image doubled by repeating pixels must be for `writeDoubledConv`. */
const SHAPE = { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] }

/**
 * Which values of a kernel's three rows (or columns) meet the same pixel, by the output's place in a doubled pixel: the
 * first of a pair sees the pixel before and its own twice, the second its own twice and the one after.
 */
const MEETINGS: readonly (readonly (readonly number[])[])[] = [
  [[0], [1, 2]],
  [[0, 1], [2]],
]
/** Places in a doubled pixel: row and column. */
const PLACES = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const

/** Images by the doubled ones that nothing but size-keeping 3x3 convolutions sees. */
export function findDoubledImages({ ops, outputs }: Graph): ReadonlyMap<string, string> {
  const doubled = new Map<string, string>()
  for (const { type, domain, inputs, outputs: made, attributes } of ops)
    if (domain === LAYERS && type === 'RepeatPixels' && attributes['factor'] === 2)
      doubled.set(made[0]!, inputs[0]!)
  for (const op of ops) {
    const seen = isSizeKeepingConv(op) ? op.inputs.slice(1) : op.inputs
    for (const name of seen) doubled.delete(name)
  }
  for (const { name } of outputs) doubled.delete(name)
  return doubled
}

function isSizeKeepingConv({ type, attributes }: Op): boolean {
  return (
    type === 'Conv' && Object.entries(SHAPE).every(([name, values]) => `${attributes[name]}` === `${values}`)
  )
}

/**
 * A size-keeping 3x3 convolution (image, weight, bias?) of an image doubled by repeating pixels, without the doubled image:
 * each of the four places in a doubled pixel is a 2x2 convolution of the image itself, whose values are sums of the
 * kernel's, made once, at load. 16 products a pixel of the image instead of 36.
 */
export function writeDoubledConv(to: OpWriter, [image, weight, ...bias]: readonly Value[]): Value {
  const rows = to.write('Reshape', [weight!, to.integers([0, 0, 9])])
  const parts = PLACES.map(([row, column]) => {
    const sums = to.write('MatMul', [rows, to.floats(sumsOf(row, column), [9, 4])])
    const kernel = to.write('Reshape', [sums, to.integers([0, 0, 2, 2])])
    return to.write('Conv', [image!, kernel, ...bias], {
      kernel_shape: [2, 2],
      pads: [1 - row, 1 - column, row, column],
      strides: [1, 1],
    })
  })
  return to.write('DepthToSpace', [to.write('Concat', parts, { axis: 1 })], { blocksize: 2, mode: 'DCR' })
}

/** A matrix from a kernel's nine values to the four that one place in a doubled pixel sees. */
function sumsOf(row: 0 | 1, column: 0 | 1): number[] {
  const matrix: number[] = []
  for (let from = 0; from < 9; from += 1) {
    for (const rows of MEETINGS[row]!)
      for (const columns of MEETINGS[column]!)
        matrix.push(rows.includes(Math.floor(from / 3)) && columns.includes(from % 3) ? 1 : 0)
  }
  return matrix
}
