import type { GraphBuilder, Value, WeightChange } from '../onnx/graph-builder.ts'
import { countElements } from '../tensor/tensor.ts'
import type { AdapterFormat, AdapterUse, Delta } from './adapter-format.ts'
import { reshape, subtract, sum, times } from './constant-ops.ts'
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
  if (format.replaces === true) return delta.value
  const { value, scale } = flavour === 'webui' ? adjustForWebui(graph, delta, use) : delta
  if (!module.has(MAGNITUDES)) return sum(graph, weight, times(graph, value, strength * scale))
  const changed = sum(graph, weight, times(graph, value, scale))
  const brought = bringToMagnitudes(graph, { weight, changed }, use)
  return strength === 1
    ? brought
    : sum(graph, weight, times(graph, subtract(graph, brought, weight), strength))
}

/** A1111 knows a scale told outright, and adds a part "bias" to the delta. */
function adjustForWebui(
  graph: GraphBuilder,
  { value, scale }: Delta,
  { module, shape }: AdapterUse,
): Delta {
  const hasBias = module.has('bias') && module.countOf('bias') === countElements(shape)
  return {
    value: hasBias ? sum(graph, value, module.value(graph, 'bias', shape)) : value,
    scale: module.number('scale') ?? scale,
  }
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
