import { MICROSOFT, type GraphBuilder, type Value } from '../onnx/graph-builder.ts'

/**
 * Layers as ONNX ops for the CPU: f32, channels first. A network file says what is connected to what; how a layer is
 * computed on a device is said here alone. Linear weights stay [out, in] as checkpoints hold them.
 */

/** Groups of every group normalisation in Stable Diffusion. */
const GROUPS = 32

/** `x @ weight.T (+ bias)` over the last axis; the bias is left out where the checkpoint has none. */
export function linear(graph: GraphBuilder, x: Value, name: string): Value {
  const product = graph.op('FusedMatMul', [x, graph.weight(`${name}.weight`)], { transB: 1 }, MICROSOFT)
  const hasBias = graph.shapeOf(`${name}.bias`) !== undefined
  return hasBias ? graph.op('Add', [product, graph.weight(`${name}.bias`)]) : product
}

/** Options of a convolution. */
export interface ConvOptions {
  readonly stride?: number
  /** Zeros at [top, left, bottom, right]; by default what keeps the size. */
  readonly pads?: readonly [number, number, number, number]
}

/** A square convolution over [batch, channels, height, width], with bias where the checkpoint has one. */
export function conv(
  graph: GraphBuilder,
  x: Value,
  name: string,
  { stride = 1, pads }: ConvOptions = {},
): Value {
  const size = graph.shapeOf(`${name}.weight`)?.[2] ?? 1
  const border = (size - 1) / 2
  const hasBias = graph.shapeOf(`${name}.bias`) !== undefined
  const bias = hasBias ? [graph.weight(`${name}.bias`)] : []
  return graph.op('Conv', [x, graph.weight(`${name}.weight`), ...bias], {
    kernel_shape: [size, size],
    pads: pads ?? [border, border, border, border],
    strides: [stride, stride],
  })
}

/** x * sigmoid(x). */
export function silu(graph: GraphBuilder, x: Value): Value {
  return graph.op('Mul', [x, graph.op('Sigmoid', [x])])
}

/** x * sigmoid(1.702 x), OpenAI CLIP's activation. */
export function quickGelu(graph: GraphBuilder, x: Value): Value {
  return graph.op('QuickGelu', [x], { alpha: { float: 1.702 } }, MICROSOFT)
}

/**
 * Group normalisation of [batch, channels, height, width], as instance normalisation of the groups: ONNX Runtime has
 * no CPU kernel for the op itself, and this form measured fastest there.
 */
export function groupNorm(graph: GraphBuilder, x: Value, name: string, epsilon: number): Value {
  const channels = graph.shapeOf(`${name}.weight`)?.[0] ?? 0
  const ones = graph.floats(new Array<number>(GROUPS).fill(1))
  const zeros = graph.floats(new Array<number>(GROUPS).fill(0))
  const grouped = graph.op('Reshape', [x, graph.integers([0, GROUPS, -1])])
  const normal = graph.op('InstanceNormalization', [grouped, ones, zeros], { epsilon: { float: epsilon } })
  const back = graph.op('Reshape', [normal, graph.op('Shape', [x])])
  const perChannel = graph.integers([1, channels, 1, 1])
  const scale = graph.op('Reshape', [graph.weight(`${name}.weight`), perChannel])
  const shift = graph.op('Reshape', [graph.weight(`${name}.bias`), perChannel])
  return graph.op('Add', [graph.op('Mul', [back, scale]), shift])
}

/** Layer normalisation over the last axis. */
export function layerNorm(graph: GraphBuilder, x: Value, name: string): Value {
  const inputs = [x, graph.weight(`${name}.weight`), graph.weight(`${name}.bias`)]
  return graph.op('LayerNormalization', inputs, { axis: -1, epsilon: { float: 1e-5 } })
}

/** Softmax attention of [batch, tokens, heads x size] values. */
export function attention(
  graph: GraphBuilder,
  { query, key, value }: { readonly query: Value; readonly key: Value; readonly value: Value },
  heads: number,
): Value {
  return graph.op('MultiHeadAttention', [query, key, value], { num_heads: heads }, MICROSOFT)
}

/** Doubles height and width by repeating pixels. */
export function upsampleNearest(graph: GraphBuilder, x: Value): Value {
  return repeatPixels(graph, x, 2)
}

/** Multiplies height and width by repeating pixels. */
export function repeatPixels(graph: GraphBuilder, x: Value, factor: number): Value {
  return graph.op('Resize', [x, '', graph.floats([1, 1, factor, factor])], NEAREST)
}

/** Turns each group of factor² channels into a square of pixels. */
export function pixelShuffle(graph: GraphBuilder, x: Value, factor: number): Value {
  return factor === 1 ? x : graph.op('DepthToSpace', [x], { blocksize: factor, mode: 'CRD' })
}

/** x above zero, `slope` x below. */
export function leakyRelu(graph: GraphBuilder, x: Value, slope: number): Value {
  return graph.op('LeakyRelu', [x], { alpha: { float: slope } })
}

/** A value times a constant. */
export function scaled(graph: GraphBuilder, x: Value, factor: number): Value {
  return graph.op('Mul', [x, graph.floats([factor])])
}

/** Brings height and width to those of another value by repeating pixels. */
export function upsampleTo(graph: GraphBuilder, x: Value, like: Value): Value {
  const shape = graph.op('Shape', [x], { start: 0, end: 2 })
  const size = graph.op('Shape', [like], { start: 2, end: 4 })
  return graph.op('Resize', [x, '', '', graph.op('Concat', [shape, size], { axis: 0 })], NEAREST)
}

const NEAREST = {
  mode: 'nearest',
  coordinate_transformation_mode: 'asymmetric',
  nearest_mode: 'floor',
} as const

/** [batch, channels, height, width] to [batch, height x width, channels]. */
export function toTokens(graph: GraphBuilder, x: Value, channels: number): Value {
  return graph.op('Transpose', [graph.op('Reshape', [x, graph.integers([0, channels, -1])])], {
    perm: [0, 2, 1],
  })
}

/** The reverse of `toTokens`; `like` gives the shape. */
export function fromTokens(graph: GraphBuilder, tokens: Value, like: Value): Value {
  return graph.op('Reshape', [
    graph.op('Transpose', [tokens], { perm: [0, 2, 1] }),
    graph.op('Shape', [like]),
  ])
}

/** Sum of two values. */
export function add(graph: GraphBuilder, a: Value, b: Value): Value {
  return graph.op('Add', [a, b])
}

/** An additive mask [1, 1, length, length] that hides later tokens. */
export function attentionMask(graph: GraphBuilder, length: number): Value {
  // A large finite number: infinities minus infinities would give NaN in a fully masked row.
  const hidden = -3e38
  const rows = Array.from({ length: length * length }, (_, i) =>
    i % length > Math.floor(i / length) ? hidden : 0,
  )
  return graph.floats(rows, [1, 1, length, length])
}

/** Attention with an additive mask. */
export function maskedAttention(
  graph: GraphBuilder,
  { query, key, value }: { readonly query: Value; readonly key: Value; readonly value: Value },
  { heads, mask }: { readonly heads: number; readonly mask: Value },
): Value {
  return graph.op('MultiHeadAttention', [query, key, value, '', '', mask], { num_heads: heads }, MICROSOFT)
}
