import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import { countElements, createTensor, type Tensor } from '../../tensor/tensor.ts'
import type { AdapterFormat, AdapterUse } from '../adapter-format.ts'
import { multiply, multiplyMatrices, reshape, subtract } from '../constant-ops.ts'
import { toRotations } from '../rotations.ts'

/**
 * OFT (Qiu et al. 2023, arXiv 2306.07280): the rows of a weight, block by block, turned by rotations; old LyCORIS files
 * hold the rotations themselves (`oft_diag`). ComfyUI takes the strength into the rotation besides, and no `rescale`.
 */
export const oft: AdapterFormat = {
  name: 'OFT',
  accepts: (module) => module.shapeOf('oft_blocks').length === 3 || module.shapeOf('oft_diag').length === 3,
  findMisfit({ module, shape }) {
    const [blocks = 0, size = 0, other] = module.shapeOf(module.has('oft_blocks') ? 'oft_blocks' : 'oft_diag')
    if (size !== other) return `blocks are [${size}, ${other}], not square`
    return blocks * size === shape[0]
      ? undefined
      : `${blocks} blocks of ${size} rows are for as many rows, the weight has ${shape[0]}`
  },
  delta(graph, weight, use) {
    const { module, shape, strength, flavour } = use
    const rotations = module.has('oft_blocks') ? toRotations(use) : module.read('oft_diag')
    const factor = flavour === 'comfy' ? strength : 1
    const isRescaled = flavour === 'webui' && module.has('rescale')
    if (!isRescaled) {
      const value = turnRows(graph, weight, { shape, matrices: toOffsets(rotations, factor) })
      return { value, scale: 1 }
    }
    const turned = turnRows(graph, weight, { shape, matrices: transposeBlocks(rotations) })
    return { value: subtract(graph, multiply(graph, rescaleOf(graph, use), turned), weight), scale: 1 }
  },
}

/** A file's factors for the rows of the result. */
export function rescaleOf(graph: GraphBuilder, { module, shape }: AdapterUse): Value {
  return module.value(graph, 'rescale', [-1, ...shape.slice(1).map(() => 1)])
}

interface Turn {
  readonly shape: readonly number[]
  /** [blocks, b, b] */
  readonly matrices: Tensor
}

/** Each block of rows times its matrix. */
function turnRows(graph: GraphBuilder, weight: Value, { shape, matrices }: Turn): Value {
  const [blocks = 1, size = 1] = matrices.shape
  const rows = reshape(graph, weight, [blocks, size, countElements(shape.slice(1))])
  return reshape(graph, multiplyMatrices(graph, graph.array(matrices.data, matrices.shape), rows), shape)
}

/** (R - I)ᵀ times a factor: what a turn adds. */
function toOffsets(rotations: Tensor, factor: number): Tensor {
  const offsets = transposeBlocks(rotations)
  const size = rotations.shape.at(-1) ?? 1
  for (let i = 0; i < offsets.data.length; i += 1) {
    const isDiagonal = Math.floor(i / size) % size === i % size
    offsets.data[i] = factor * offsets.data[i]! - (isDiagonal ? factor : 0)
  }
  return offsets
}

function transposeBlocks({ shape, data }: Tensor): Tensor {
  const size = shape.at(-1) ?? 1
  const transposed = createTensor(shape)
  for (let at = 0; at < data.length; at += size * size) {
    for (let row = 0; row < size; row += 1)
      for (let column = 0; column < size; column += 1)
        transposed.data[at + column * size + row] = data[at + row * size + column]!
  }
  return transposed
}
