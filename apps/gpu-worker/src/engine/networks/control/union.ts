import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import { add, attention, layerNorm, linear, quickGelu } from '../layers.ts'
import { embedNumbers, mlpOf } from '../unet.ts'

/** Width of the waves that each kind's one or zero becomes. */
const TYPE_WAVES = 256
const HEADS = 8
const BLOCK = 'transformer_layes.0'

/** The kinds of hints a union network was told, [batch, kinds], as an addition to the time embedding [batch, width]. */
export function embedTypes(graph: GraphBuilder, types: Value, count: number): Value {
  const numbers = graph.op('Reshape', [types, graph.integers([-1])])
  const waves = graph.op('Reshape', [
    embedNumbers(graph, numbers, TYPE_WAVES),
    graph.integers([-1, count * TYPE_WAVES]),
  ])
  return mlpOf(graph, waves, ['control_add_embedding.linear_1', 'control_add_embedding.linear_2'])
}

/**
 * Adds to an encoded hint [batch, channels, h, w] what a union network makes of it and of its kind; without a kind (all
 * zeros) the hint stays as it is.
 */
export function mergeHint(graph: GraphBuilder, hint: Value, types: Value): Value {
  const mean = graph.op('ReduceMean', [hint, graph.integers([2, 3])], { keepdims: 0 })
  const task = graph.op('MatMul', [types, graph.weight('task_embedding')])
  let x = graph.op('Unsqueeze', [add(graph, mean, task), graph.integers([1])])
  x = add(graph, x, selfAttention(graph, layerNorm(graph, x, `${BLOCK}.ln_1`)))
  const wide = quickGelu(graph, linear(graph, layerNorm(graph, x, `${BLOCK}.ln_2`), `${BLOCK}.mlp.c_fc`))
  x = add(graph, x, linear(graph, wide, `${BLOCK}.mlp.c_proj`))
  const shift = linear(graph, graph.op('Squeeze', [x, graph.integers([1])]), 'spatial_ch_projs')
  const isTold = graph.op('ReduceMax', [types, graph.integers([1])], { keepdims: 1 })
  const gated = graph.op('Mul', [shift, isTold])
  return add(graph, hint, graph.op('Unsqueeze', [gated, graph.integers([2, 3])]))
}

function selfAttention(graph: GraphBuilder, x: Value): Value {
  const parts = graph.ops('Split', [linear(graph, x, `${BLOCK}.attn.in_proj`)], {
    attributes: { axis: 2, num_outputs: 3 },
    outputs: 3,
  })
  const [query, key, value] = parts as [Value, Value, Value]
  return linear(graph, attention(graph, { query, key, value }, HEADS), `${BLOCK}.attn.out_proj`)
}
