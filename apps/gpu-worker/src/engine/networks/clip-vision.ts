import type { OpenedVision } from '../checkpoint/detect-vision.ts'
import { GraphBuilder, type Graph, type Value } from '../onnx/graph-builder.ts'
import { encoderLayer } from './clip-text.ts'
import { add, conv, layerNorm, linear, toTokens } from './layers.ts'

/** Heads of every CLIP picture encoder: of 64 numbers in ViT-L, 80 in ViT-H, 104 in ViT-bigG. */
const HEADS = 16

/**
 * CLIP's picture encoder (Radford et al. 2021, arXiv 2103.00020), a transformer over squares of the picture. Input: one
 * picture, pixels [1, 3, size, size], normalised. Outputs: `last` and `penultimate` [1, squares + 1, width], the last
 * layer and the one before it, and `embedding` [1, projected], the last vector of the whole picture, normalised and
 * projected.
 */
export function buildClipVision({ file, config }: OpenedVision): Graph {
  const graph = new GraphBuilder(file)
  const { last, penultimate } = encodePicture(graph, config)
  const { width, imageSize, patchSize } = config
  const shape = [1, (imageSize / patchSize) ** 2 + 1, width]
  graph.output('penultimate', penultimate, 'F32', shape)
  graph.output('last', last, 'F32', shape)
  projectWhole(graph, wholeOf(graph, last, width), width)
  return graph.build()
}

/** The last two layers of CLIP's picture encoder, [1, squares + 1, width], for an input `pixels`. */
export function encodePicture(
  graph: GraphBuilder,
  config: OpenedVision['config'],
): { readonly last: Value; readonly penultimate: Value } {
  const { width, layers, imageSize, patchSize, activation } = config
  const pixels = graph.input('pixels', 'F32', [1, 3, imageSize, imageSize])
  const embeddings = 'vision_model.embeddings'
  const patches = conv(graph, pixels, `${embeddings}.patch_embedding`, {
    stride: patchSize,
    pads: [0, 0, 0, 0],
  })
  const whole = graph.op('Reshape', [
    graph.weight(`${embeddings}.class_embedding`),
    graph.integers([1, 1, width]),
  ])
  const tokens = graph.op('Concat', [whole, toTokens(graph, patches, width)], { axis: 1 })
  let x = add(graph, tokens, graph.weight(`${embeddings}.position_embedding.weight`))
  x = layerNorm(graph, x, 'vision_model.pre_layrnorm')
  let penultimate = x
  for (let layer = 0; layer < layers; layer += 1) {
    penultimate = x
    x = encoderLayer(graph, x, { name: `vision_model.encoder.layers.${layer}`, heads: HEADS, activation })
  }
  return { last: x, penultimate }
}

/** The vector of the whole picture, normalised, [1, width]. */
export function wholeOf(graph: GraphBuilder, last: Value, width: number): Value {
  const first = graph.op('Gather', [last, graph.integers([0])], { axis: 1 })
  const row = graph.op('Reshape', [first, graph.integers([1, width])])
  return layerNorm(graph, row, 'vision_model.post_layernorm')
}

function projectWhole(graph: GraphBuilder, normal: Value, width: number): void {
  const openClip = graph.shapeOf('visual_projection')
  const library = graph.shapeOf('visual_projection.weight')
  const projected =
    openClip === undefined
      ? library === undefined
        ? normal
        : linear(graph, normal, 'visual_projection')
      : graph.op('MatMul', [normal, graph.weight('visual_projection')])
  graph.output('embedding', projected, 'F32', [1, library?.[0] ?? openClip?.[1] ?? width])
}
