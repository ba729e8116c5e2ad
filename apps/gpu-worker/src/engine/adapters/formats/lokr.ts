import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import { countElements } from '../../tensor/tensor.ts'
import { compareElements, compareRanks, toScale, type AdapterFormat } from '../adapter-format.ts'
import type { AdapterModule } from '../adapter-module.ts'
import { expandCore, multiply, multiplyMatrices, permute, reshape } from '../constant-ops.ts'

/**
 * LoKr (Yeh et al. 2023, arXiv 2309.14859): the Kronecker product of two matrices, each of which may be a low-rank
 * product, the second one also around a core [r, r, kh, kw]. Without a factored one the scale is 1.
 */
export const lokr: AdapterFormat = {
  name: 'LoKr',
  accepts: (module) => isThere(module, '1') && isThere(module, '2'),
  findMisfit({ module, shape }) {
    return (
      findFactorMisfit(module, '1') ??
      findFactorMisfit(module, '2') ??
      compareElements('Kronecker product', productShape(module), shape)
    )
  },
  delta(graph, _weight, { module, shape }) {
    const [a = 1, b = 1] = factorShape(module, '1')
    const [c = 1, d = 1, ...kernel] = factorShape(module, '2')
    const left = reshape(graph, toFactor(graph, module, '1'), [a, 1, b, 1, 1])
    const right = reshape(graph, toFactor(graph, module, '2'), [1, c, 1, d, countElements(kernel)])
    const rank = ['lokr_w2', 'lokr_w1']
      .filter((factor) => !module.has(factor))
      .map((factor) => module.shapeOf(`${factor}_b`)[0])[0]
    return {
      value: reshape(graph, multiply(graph, left, right), shape),
      scale: rank === undefined ? 1 : toScale(module, rank),
    }
  },
}

function isThere(module: AdapterModule, factor: string): boolean {
  const name = `lokr_w${factor}`
  return module.has(name) || module.has(`${name}_a`, `${name}_b`)
}

function hasCore(module: AdapterModule, factor: string): boolean {
  return factor === '2' && module.has('lokr_t2') && !module.has('lokr_w2')
}

function factorShape(module: AdapterModule, factor: string): readonly number[] {
  const name = `lokr_w${factor}`
  if (module.has(name)) return module.shapeOf(name)
  const [[rows, columns], [, inputs]] = [module.flatShapeOf(`${name}_a`), module.flatShapeOf(`${name}_b`)]
  return hasCore(module, factor) ? [columns, inputs, ...module.shapeOf('lokr_t2').slice(2)] : [rows, inputs]
}

function productShape(module: AdapterModule): number[] {
  const [a = 1, b = 1] = factorShape(module, '1')
  const [c = 1, d = 1, ...kernel] = factorShape(module, '2')
  return [a * c, b * d, ...kernel]
}

function findFactorMisfit(module: AdapterModule, factor: string): string | undefined {
  const name = `lokr_w${factor}`
  if (module.has(name)) return undefined
  const [[rows, columns], [rank]] = [module.flatShapeOf(`${name}_a`), module.flatShapeOf(`${name}_b`)]
  if (!hasCore(module, factor)) return compareRanks(columns, rank)
  const [left = 0, right = 0] = module.shapeOf('lokr_t2')
  return compareRanks(rows, left) ?? compareRanks(rank, right)
}

function toFactor(graph: GraphBuilder, module: AdapterModule, factor: string): Value {
  const name = `lokr_w${factor}`
  if (module.has(name)) return module.value(graph, name)
  const [left, right] = [module.matrix(graph, `${name}_a`), module.matrix(graph, `${name}_b`)]
  if (!hasCore(module, factor)) return multiplyMatrices(graph, left, right)
  const core = { value: module.value(graph, 'lokr_t2'), shape: module.shapeOf('lokr_t2') }
  return expandCore(graph, core, { left: permute(graph, left, [1, 0]), right })
}
