import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import { GraphBuilder, type Graph } from '../onnx/graph-builder.ts'
import { conv, leakyRelu, upsampleNearest } from './layers.ts'

/** Convolutions of A1111's VAEApprox, and the zeros around its input, which they eat up. */
const LAYERS = 8
const BORDER = 11
const SLOPE = 0.1

/**
 * Checks that a file holds A1111's approximate decoder.
 * @throws CheckpointError when it does not
 */
export function checkApproximateDecoder(file: WeightFile): void {
  const [first, last] = [1, LAYERS].map((layer) => file.tensors.get(`conv${layer}.weight`)?.shape)
  if (first?.[1] !== 4 || last?.[0] !== 3)
    throw new CheckpointError('unknown-structure', file.path, 'it holds no approximate decoder')
}

/**
 * A1111's approximate decoder ("Approx NN"): latent [batch, 4, h, w] in sampling scale to pixels [batch, 3, 2h, 2w], about
 * -1 to 1.
 */
export function buildApproximateDecoder(file: WeightFile): Graph {
  const graph = new GraphBuilder(file)
  const latent = graph.input('latent', 'F32', ['batch', 4, 'height', 'width'])
  const around = graph.integers([0, 0, BORDER, BORDER, 0, 0, BORDER, BORDER])
  let x = graph.op('Pad', [upsampleNearest(graph, latent), around])
  for (let layer = 1; layer <= LAYERS; layer += 1)
    x = leakyRelu(graph, conv(graph, x, `conv${layer}`, { pads: [0, 0, 0, 0] }), SLOPE)
  graph.output('pixels', x, 'F32', ['batch', 3, 'rows', 'columns'])
  return graph.build()
}
