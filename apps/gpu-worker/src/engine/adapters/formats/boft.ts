import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import { countElements } from '../../tensor/tensor.ts'
import type { AdapterFormat } from '../adapter-format.ts'
import { multiply, multiplyMatrices, permute, reshape, subtract } from '../constant-ops.ts'
import { toRotations } from '../rotations.ts'
import { rescaleOf } from './oft.ts'

/**
 * BOFT (Liu et al. 2023, arXiv 2311.06243): stages of OFT, each over rows in another order (a butterfly). ComfyUI blends
 * each stage with the identity by the strength, and applies the strength to the sum besides.
 */
export const boft: AdapterFormat = {
  name: 'BOFT',
  accepts: (module) => module.shapeOf('oft_blocks').length === 4,
  findMisfit({ module, shape }) {
    const [stages = 0, blocks = 0, size = 0] = module.shapeOf('oft_blocks')
    if (blocks * size !== shape[0])
      return `${blocks} blocks of ${size} rows are for as many rows, the weight has ${shape[0]}`
    // The last stage joins rows this far apart.
    const span = 2 ** stages * (size / 2)
    return Number.isInteger(span) && shape[0] % span === 0
      ? undefined
      : `${stages} stages span ${span} rows, which do not divide the weight's ${shape[0]}`
  },
  delta(graph, weight, use) {
    const { module, shape, strength, flavour } = use
    const { shape: blockShape, data } = toRotations(use)
    const [stages = 0, blocks = 1, size = 1] = blockShape
    const blend = flavour === 'comfy' ? strength : 1
    const perStage = blocks * size * size
    let turned = weight
    for (let stage = 0; stage < stages; stage += 1) {
      const matrices = data.slice(stage * perStage, (stage + 1) * perStage).map((value, i) => {
        const isDiagonal = Math.floor(i / size) % size === i % size
        return value * blend + (isDiagonal ? 1 - blend : 0)
      })
      const turn = { matrices: graph.array(matrices, [blocks, size, size]), size, stage }
      turned = runStage(graph, turned, shape, turn)
    }
    const rescaled = module.has('rescale') ? multiply(graph, turned, rescaleOf(graph, use)) : turned
    return { value: subtract(graph, rescaled, weight), scale: 1 }
  },
}

/** Turns rows that stand 2^stage half blocks apart together. */
function runStage(
  graph: GraphBuilder,
  x: Value,
  shape: readonly number[],
  { matrices, size, stage }: { readonly matrices: Value; readonly size: number; readonly stage: number },
): Value {
  const columns = countElements(shape.slice(1))
  const apart = 2 ** stage * (size / 2)
  const together = permute(graph, reshape(graph, x, [-1, 2, apart, columns]), [0, 2, 1, 3])
  const turned = multiplyMatrices(graph, matrices, reshape(graph, together, [-1, size, columns]))
  return reshape(graph, permute(graph, reshape(graph, turned, [-1, apart, 2, columns]), [0, 2, 1, 3]), shape)
}
