import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import {
  compareElements,
  compareRanks,
  toScale,
  type AdapterFormat,
  type AdapterUse,
} from '../adapter-format.ts'
import type { AdapterModule } from '../adapter-module.ts'
import { flatShape, multiplyMatrices, permute, reshape, sum } from '../constant-ops.ts'

const PARTS = ['a1.weight', 'a2.weight', 'b1.weight', 'b2.weight'] as const

/**
 * GLoRA (Chavan et al. 2023, arXiv 2306.07967): W a1 a2 + b1 b2, or in files of old LyCORIS, whose factors have swapped
 * shapes, W a2 a1 + b2 b1. A1111 knows the old files alone, and no alpha.
 */
export const glora: AdapterFormat = {
  name: 'GLoRA',
  accepts: (module) => module.has(...PARTS),
  findMisfit(use) {
    const isOld = readsOld(use)
    const { module, shape } = use
    const [outer, inner] = isOld
      ? (['b2.weight', 'b1.weight'] as const)
      : (['b1.weight', 'b2.weight'] as const)
    const [left, right] = isOld
      ? (['a2.weight', 'a1.weight'] as const)
      : (['a1.weight', 'a2.weight'] as const)
    const inputs = isOld ? flatShape(shape)[1] : (shape[1] ?? 0)
    return (
      compareRanks(module.flatShapeOf(outer)[1], module.flatShapeOf(inner)[0]) ??
      compareRanks(module.flatShapeOf(left)[1], module.flatShapeOf(right)[0]) ??
      compareElements('product', [module.flatShapeOf(outer)[0], module.flatShapeOf(inner)[1]], shape) ??
      (module.flatShapeOf(left)[0] === inputs
        ? undefined
        : `factors are for ${module.flatShapeOf(left)[0]} columns, the weight has ${inputs}`)
    )
  },
  delta(graph, weight, use) {
    const { module, flavour, shape } = use
    const [a1, a2, b1, b2] = PARTS.map((part) => module.matrix(graph, part)) as [Value, Value, Value, Value]
    if (readsOld(use)) {
      const changed = multiplyMatrices(
        graph,
        multiplyMatrices(graph, reshape(graph, weight, flatShape(shape)), a2),
        a1,
      )
      const value = reshape(graph, sum(graph, multiplyMatrices(graph, b2, b1), changed), shape)
      return { value, scale: flavour === 'webui' ? 1 : toScale(module, module.shapeOf('a1.weight')[0] ?? 0) }
    }
    const changed = transformInputs(graph, weight, shape, [a1, a2])
    const added = reshape(graph, multiplyMatrices(graph, b1, b2), shape)
    return { value: sum(graph, changed, added), scale: toScale(module, module.shapeOf('a2.weight')[0] ?? 0) }
  },
}

function readsOld({ module, shape, flavour }: AdapterUse): boolean {
  if (flavour === 'webui') return true
  const size = (part: (typeof PARTS)[number], axis: number) => module.shapeOf(part)[axis]
  const rank = size('a1.weight', 0)
  const isOld = [size('b2.weight', 1), size('b1.weight', 0), size('a2.weight', 1)].every(
    (own) => own === rank,
  )
  if (!isOld || !fitsNew(module)) return isOld
  // Square factors fit both; then it is the old layout only beside a square weight of their size.
  return size('a2.weight', 0) === shape[0] && shape[0] === shape[1]
}

function fitsNew(module: AdapterModule): boolean {
  const rank = module.shapeOf('b2.weight')[0]
  const others = [
    module.shapeOf('b1.weight')[1],
    module.shapeOf('a1.weight')[1],
    module.shapeOf('a2.weight')[0],
  ]
  return others.every((own) => own === rank)
}

/** W[o, i, ...] times factors over i. */
function transformInputs(
  graph: GraphBuilder,
  weight: Value,
  shape: readonly number[],
  factors: readonly Value[],
): Value {
  const [outputs = 1, inputs = 1, ...kernel] = shape
  const size = kernel.reduce((product, side) => product * side, 1)
  const columnsLast = permute(graph, reshape(graph, weight, [outputs, inputs, size]), [0, 2, 1])
  const product = factors.reduce((x, factor) => multiplyMatrices(graph, x, factor), columnsLast)
  return reshape(graph, permute(graph, product, [0, 2, 1]), shape)
}
