import { CheckpointError } from '../../checkpoint/checkpoint-error.ts'
import type { WeightFile } from '../../checkpoint/weight-file.ts'
import { GraphBuilder, type Graph } from '../../onnx/graph-builder.ts'
import { add, conv, pixelShuffle, repeatPixels } from '../layers.ts'
import type { UpscalerConfig } from './upscaler-config.ts'

/**
 * Real-ESRGAN's compact network (SRVGGNet, Wang et al. 2021, arXiv 2107.10833), or undefined.
 * @throws CheckpointError when its last layer makes no colour picture of a whole scale
 */
export function detectCompact(file: WeightFile, prefix: string): UpscalerConfig | undefined {
  const shapeOf = (name: string) => file.tensors.get(`${prefix}body.${name}`)?.shape
  if (shapeOf('0.weight')?.length !== 4 || shapeOf('1.weight')?.length !== 1) return undefined
  const outputs = shapeOf(`${countLayers(file, prefix) - 1}.weight`)?.[0] ?? 0
  const scale = Math.sqrt(outputs / 3)
  if (shapeOf('0.weight')?.[1] !== 3 || !Number.isInteger(scale)) {
    throw new CheckpointError(
      'unknown-structure',
      file.path,
      `its network makes ${outputs} channels of ${shapeOf('0.weight')?.[1]}; only colour pictures are supported`,
    )
  }
  return { architecture: 'Compact', prefix, scale, unshuffle: 1, minimumSide: 1, multiples: [] }
}

/** The network: image [1, 3, height, width], 0 to 1, to upscaled [1, 3, s height, s width]. */
export function buildCompact(file: WeightFile, { prefix, scale }: UpscalerConfig): Graph {
  const graph = new GraphBuilder(file)
  const image = graph.input('image', 'F32', [1, 3, 'height', 'width'])
  const last = countLayers(file, prefix) - 1
  let x = conv(graph, image, `${prefix}body.0`)
  for (let layer = 1; layer < last; layer += 2) {
    const slopes = graph.weight(`${prefix}body.${layer}.weight`)
    x = graph.op('PRelu', [x, graph.op('Reshape', [slopes, graph.integers([-1, 1, 1])])])
    x = conv(graph, x, `${prefix}body.${layer + 1}`)
  }
  // The network learns what is missing from the picture with repeated pixels.
  const upscaled = add(graph, pixelShuffle(graph, x, scale), repeatPixels(graph, image, scale))
  graph.output('upscaled', upscaled, 'F32', [1, 3, 'rows', 'columns'])
  return graph.build()
}

function countLayers(file: WeightFile, prefix: string): number {
  let layers = 0
  while (file.tensors.has(`${prefix}body.${layers}.weight`)) layers += 1
  return layers
}
