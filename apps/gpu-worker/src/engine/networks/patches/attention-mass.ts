import { NEAREST } from '../../onnx/layer-ops.ts'
import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import type { AttentionPlace, AttentionValues, UnetPatch } from './unet-patch.ts'

/**
 * Adds a channel to the prediction: 1 where the middle block's first self-attention looks at a token more than at the
 * mean of all (the attention it is given, over all queries, mean of the heads, is above 1), 0 elsewhere.
 */
export const attentionMass: UnetPatch = {
  key: 'attention mass',
  open({ graph, latent }) {
    let mask: Value | undefined
    return {
      attend(values, at, plain) {
        if (at.half === 'middle' && at.layer === 'self' && at.index === 0) mask = maskOf(graph, values, at)
        return plain
      },
      finish(prediction) {
        if (mask === undefined) return prediction
        const shape = graph.op('Shape', [mask], { start: 0, end: 2 })
        const size = graph.op('Shape', [latent], { start: 2, end: 4 })
        const sizes = graph.op('Concat', [shape, size], { axis: 0 })
        const resized = graph.op('Resize', [mask, '', '', sizes], NEAREST)
        return graph.op('Concat', [prediction, resized], { axis: 1 })
      },
    }
  },
}

function maskOf(
  graph: GraphBuilder,
  { query, key }: AttentionValues,
  { heads, channels, image }: AttentionPlace,
) {
  const size = channels / heads
  const split = (x: Value, perm: readonly number[]) =>
    graph.op('Transpose', [graph.op('Reshape', [x, graph.integers([0, -1, heads, size])])], { perm })
  const scores = graph.op('MatMul', [split(query, [0, 2, 1, 3]), split(key, [0, 2, 3, 1])])
  const scaled = graph.op('Mul', [scores, graph.floats([1 / Math.sqrt(size)])])
  const shares = graph.op('Softmax', [scaled], { axis: -1 })
  const mean = graph.op('ReduceMean', [shares, graph.integers([1])], { keepdims: 0 })
  const mass = graph.op('ReduceSum', [mean, graph.integers([1])], { keepdims: 1 })
  const above = graph.op('Cast', [graph.op('Greater', [mass, graph.floats([1])])], { to: 1 })
  const rows = graph.op('Shape', [image], { start: 0, end: 1 })
  const sides = graph.op('Shape', [image], { start: 2, end: 4 })
  return graph.op('Reshape', [above, graph.op('Concat', [rows, graph.integers([1]), sides], { axis: 0 })])
}
