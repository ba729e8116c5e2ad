import { MICROSOFT, type GraphBuilder, type Value } from '../onnx/graph-builder.ts'
import { LAYERS } from '../onnx/layer-ops.ts'

/**
 * Layers by the names of their weights, which are the marks of their values too. A network file says what is connected to what; what a device makes of a layer is
 * said by its emitter (`onnx/emit-cpu.ts`, `onnx/cuda/`). Linear weights stay [out, in] as checkpoints hold them.
 */

/** Groups of every group normalisation in Stable Diffusion. */
const GROUPS = 32

/** `x @ weight.T (+ bias)` over the last axis; the bias is left out where the checkpoint has none. */
export function linear(graph: GraphBuilder, x: Value, name: string): Value {
  return graph.mark(name, graph.op('Linear', [x, ...weightAndBias(graph, name)], {}, LAYERS))
}

/** GEGLU (Shazeer 2020, arXiv 2002.05202): half of the projection gates the other. */
export function gatedLinear(graph: GraphBuilder, x: Value, name: string): Value {
  return graph.mark(name, graph.op('GatedLinear', [x, ...weightAndBias(graph, name)], {}, LAYERS))
}

function weightAndBias(graph: GraphBuilder, name: string): Value[] {
  const hasBias = graph.shapeOf(`${name}.bias`) !== undefined
  return [graph.weight(`${name}.weight`), ...(hasBias ? [graph.weight(`${name}.bias`)] : [])]
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
  const image = graph.op('Conv', [x, ...weightAndBias(graph, name)], {
    kernel_shape: [size, size],
    pads: pads ?? [border, border, border, border],
    strides: [stride, stride],
  })
  return graph.mark(name, image)
}

/** x * sigmoid(x). */
export function silu(graph: GraphBuilder, x: Value): Value {
  return graph.op('Silu', [x], {}, LAYERS)
}

/** x * sigmoid(1.702 x), OpenAI CLIP's activation. */
export function quickGelu(graph: GraphBuilder, x: Value): Value {
  return graph.op('QuickGelu', [x], { alpha: { float: 1.702 } }, MICROSOFT)
}

/** Group normalisation of [batch, channels, height, width]. */
export function groupNorm(graph: GraphBuilder, x: Value, name: string, epsilon: number): Value {
  const inputs = [x, graph.weight(`${name}.weight`), graph.weight(`${name}.bias`)]
  const attributes = { groups: GROUPS, epsilon: { float: epsilon } }
  return graph.mark(name, graph.op('GroupNorm', inputs, attributes, LAYERS))
}

/** Layer normalisation over the last axis. */
export function layerNorm(graph: GraphBuilder, x: Value, name: string): Value {
  const inputs = [x, graph.weight(`${name}.weight`), graph.weight(`${name}.bias`)]
  const attributes = { axis: -1, epsilon: { float: 1e-5 } }
  return graph.mark(name, graph.op('LayerNormalization', inputs, attributes))
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
  return graph.op('RepeatPixels', [x], { factor }, LAYERS)
}

/** Turns each group of factor² channels into a square of pixels. */
export function pixelShuffle(graph: GraphBuilder, x: Value, factor: number): Value {
  return factor === 1 ? x : graph.op('DepthToSpace', [x], { blocksize: factor, mode: 'CRD' })
}

/** x above zero, zero below. */
export function relu(graph: GraphBuilder, x: Value): Value {
  return graph.op('Relu', [x])
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
  return graph.op('RepeatTo', [x, like], {}, LAYERS)
}

/** Images [batch, channels, height, width] with their channels one after the other. */
export function joinChannels(graph: GraphBuilder, images: readonly Value[]): Value {
  return graph.op('JoinChannels', images, {}, LAYERS)
}

/** Adds values [batch, channels] to every pixel of their channels. */
export function addToChannels(graph: GraphBuilder, x: Value, values: Value): Value {
  return graph.op('AddToChannels', [x, values], {}, LAYERS)
}

/** [batch, channels, height, width] to [batch, height x width, channels]. */
export function toTokens(graph: GraphBuilder, x: Value, channels: number): Value {
  return graph.op('ToTokens', [x], { channels }, LAYERS)
}

/** The reverse of `toTokens`; `like` gives the shape. */
export function fromTokens(graph: GraphBuilder, tokens: Value, like: Value): Value {
  return graph.op('FromTokens', [tokens, like], {}, LAYERS)
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
