import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import { compareElements, compareRanks, toScale, type AdapterFormat } from '../adapter-format.ts'
import type { AdapterModule } from '../adapter-module.ts'
import { expandCore, multiply, multiplyMatrices, permute, reshape } from '../constant-ops.ts'

const HALVES = ['1', '2'] as const

/**
 * LoHa (Hyeon-Woo et al. 2021, arXiv 2108.06098): the product, element by element, of two low-rank products; for
 * convolutions each may stand around a core [r, r, kh, kw], its first factor transposed then.
 */
export const loha: AdapterFormat = {
  name: 'LoHa',
  accepts: (module) => module.has('hada_w1_a', 'hada_w1_b', 'hada_w2_a', 'hada_w2_b'),
  findMisfit({ module, shape }) {
    for (const half of HALVES) {
      const misfit = findHalfMisfit(module, half, shape)
      if (misfit !== undefined) return misfit
    }
    return undefined
  },
  delta(graph, _weight, { module, shape }) {
    const [first, second] = HALVES.map((half) => reshape(graph, toHalf(graph, module, half), shape))
    const rank = module.shapeOf('hada_w1_b')[0] ?? 0
    return { value: multiply(graph, first!, second!), scale: toScale(module, rank) }
  },
}

function findHalfMisfit(module: AdapterModule, half: string, shape: readonly number[]): string | undefined {
  const [rows, columns] = module.flatShapeOf(`hada_w${half}_a`)
  const [rank, inputs] = module.flatShapeOf(`hada_w${half}_b`)
  if (!module.has(`hada_t${half}`))
    return compareRanks(columns, rank) ?? compareElements('product', [rows, inputs], shape)
  const [left = 0, right = 0, ...kernel] = module.shapeOf(`hada_t${half}`)
  return (
    compareRanks(rows, left) ??
    compareRanks(rank, right) ??
    compareElements('product', [columns, inputs, ...kernel], shape)
  )
}

function toHalf(graph: GraphBuilder, module: AdapterModule, half: string): Value {
  const [left, right] = ['a', 'b'].map((side) => module.matrix(graph, `hada_w${half}_${side}`))
  const core = `hada_t${half}`
  if (!module.has(core)) return multiplyMatrices(graph, left!, right!)
  return expandCore(
    graph,
    { value: module.value(graph, core), shape: module.shapeOf(core) },
    { left: permute(graph, left!, [1, 0]), right: right! },
  )
}
