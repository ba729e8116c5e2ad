import type { GraphBuilder, Value, WeightChange } from '../onnx/graph-builder.ts'
import { countElements } from '../tensor/tensor.ts'
import type { AdapterFormat, AdapterUse, Delta } from './adapter-format.ts'
import { flatShape, multiplyMatrices, reshape, subtract, sum, times } from './constant-ops.ts'
import { bringToMagnitudes, findMagnitudeMisfit, MAGNITUDES } from './formats/dora.ts'

/** Channels of an inpainting UNet's input and of a plain one's. */
const INPAINT_CHANNELS = { all: 9, latent: 4 }

/** A change of a weight, or why it cannot be made. */
export type Planned = { readonly change: WeightChange } | { readonly misfit: string }

/** Plans what a module of a format does to a weight. */
export function planChange(format: AdapterFormat, use: AdapterUse): Planned {
  const misfit = findMisfit(format, use)
  if (misfit === undefined) return { change: (graph, weight) => apply(format, graph, weight, use) }
  const narrow = narrowToLatent(use)
  if (narrow === undefined || findMisfit(format, narrow) !== undefined) return { misfit }
  return { change: (graph, weight) => applyNarrow(format, graph, weight, narrow) }
}

function findMisfit(format: AdapterFormat, use: AdapterUse): string | undefined {
  return format.findMisfit(use) ?? findMagnitudeMisfit(use)
}

/** A1111 adds what was made for a plain UNet's first convolution to the latent's channels of an inpainting one's. */
function narrowToLatent(use: AdapterUse): AdapterUse | undefined {
  const [outputs = 0, inputs, ...kernel] = use.shape
  const isFirst = use.flavour === 'webui' && kernel.length === 2 && inputs === INPAINT_CHANNELS.all
  return isFirst ? { ...use, shape: [outputs, INPAINT_CHANNELS.latent, ...kernel] } : undefined
}

function apply(format: AdapterFormat, graph: GraphBuilder, weight: Value, use: AdapterUse): Value {
  const { module, strength, flavour } = use
  const delta = format.delta(graph, weight, use)
  if (format.replaces === true) return toValue(graph, delta, use)
  const scale = (flavour === 'webui' ? module.number('scale') : undefined) ?? delta.scale
  const addsBias = flavour === 'webui' && module.has('bias')
  if ('left' in delta && !addsBias && !module.has(MAGNITUDES))
    return addProduct(graph, weight, { ...delta, factor: strength * scale }, use)
  const plain = toValue(graph, delta, use)
  const value = addsBias ? addBias(graph, plain, use) : plain
  if (!module.has(MAGNITUDES)) return sum(graph, weight, times(graph, value, strength * scale))
  const changed = sum(graph, weight, times(graph, value, scale))
  const brought = bringToMagnitudes(graph, { weight, changed }, use)
  return strength === 1
    ? brought
    : sum(graph, weight, times(graph, subtract(graph, brought, weight), strength))
}

function toValue(graph: GraphBuilder, delta: Delta, { shape }: AdapterUse): Value {
  return 'value' in delta
    ? delta.value
    : reshape(graph, multiplyMatrices(graph, delta.left, delta.right), shape)
}

/** Weight + factor x left x right in one op, which makes no copy of the product. */
function addProduct(
  graph: GraphBuilder,
  weight: Value,
  { left, right, factor }: { readonly left: Value; readonly right: Value; readonly factor: number },
  { shape }: AdapterUse,
): Value {
  const isMatrix = shape.length === 2
  const flat = isMatrix ? weight : reshape(graph, weight, flatShape(shape))
  const changed = graph.op('Gemm', [left, right, flat], { alpha: { float: factor } })
  return isMatrix ? changed : reshape(graph, changed, shape)
}

/** A1111 adds a part "bias" to the delta, before its scale. */
function addBias(graph: GraphBuilder, value: Value, { module, shape }: AdapterUse): Value {
  const fits = module.countOf('bias') === countElements(shape)
  return fits ? sum(graph, value, module.value(graph, 'bias', shape)) : value
}

function applyNarrow(format: AdapterFormat, graph: GraphBuilder, weight: Value, use: AdapterUse): Value {
  const [outputs = 0, inputs = 0, ...kernel] = use.shape
  const rest = INPAINT_CHANNELS.all - inputs
  const [latent, others] = [
    graph.op('Slice', [weight, ...[[0], [inputs], [1]].map((values) => graph.integers(values))]),
    graph.op('Slice', [weight, ...[[inputs], [inputs + rest], [1]].map((values) => graph.integers(values))]),
  ]
  const changed = apply(format, graph, latent, use)
  const parts = [reshape(graph, changed, [outputs, inputs, ...kernel]), others]
  return graph.op('Concat', parts, { axis: 1 })
}
