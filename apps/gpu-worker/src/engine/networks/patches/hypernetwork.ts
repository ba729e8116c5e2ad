import type { TensorEntry, WeightFile } from '../../checkpoint/weight-file.ts'
import { LAYERS } from '../../onnx/layer-ops.ts'
import type { Attribute, GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import type { UnetPatch } from './unet-patch.ts'

/** What turns an activation's input into its output, in ops. */
type Activate = (graph: GraphBuilder, x: Value) => Value

const op =
  (type: string, attributes: Readonly<Record<string, Attribute>> = {}): Activate =>
  (graph, x) =>
    graph.op(type, [x], attributes)

/** A1111's names of activations; "swish" has always been the hard one. */
const ACTIVATIONS: Readonly<Record<string, Activate>> = {
  linear: (_, x) => x,
  relu: op('Relu'),
  leakyrelu: op('LeakyRelu', { alpha: { float: 0.01 } }),
  elu: op('Elu'),
  swish: op('HardSwish'),
  tanh: op('Tanh'),
  sigmoid: op('Sigmoid'),
  softsign: op('Softsign'),
  mish: (graph, x) => graph.op('Mul', [x, graph.op('Tanh', [graph.op('Softplus', [x])])]),
}

/** A hypernetwork file: small networks by the width of what they change. */
export interface Hypernetwork {
  readonly path: string
  /** The networks of keys and of values by width, each a list of layers. */
  readonly networks: ReadonlyMap<
    number,
    readonly [keys: readonly HyperLayer[], values: readonly HyperLayer[]]
  >
}

/** A linear layer and what follows it. */
interface HyperLayer {
  readonly name: string
  readonly weight: TensorEntry
  readonly bias: TensorEntry
  readonly activate: Activate
  readonly norm?: { readonly name: string; readonly weight: TensorEntry; readonly bias: TensorEntry }
}

/**
 * Reads a hypernetwork's layers, or says why they cannot be used. Where layers are normalised ComfyUI activates the last
 * one's output too.
 */
export function readHypernetwork(
  file: WeightFile,
  flavour: 'comfy' | 'webui',
): Hypernetwork | { readonly fault: string } {
  const name = file.metadata['activation_func'] ?? 'linear'
  const activate = ACTIVATIONS[name]
  if (activate === undefined) return { fault: `its activation "${name}" is not known` }
  const hasNorms = file.metadata['is_layer_norm'] === 'true'
  const activatesOutput = file.metadata['activate_output'] === 'true' || (flavour === 'comfy' && hasNorms)
  const networks = new Map<number, [HyperLayer[], HyperLayer[]]>()
  for (const width of listWidths(file)) {
    const pair = [0, 1].map((half) => {
      const layers = listLayers(file, `${width}.${half}.`, hasNorms)
      return layers?.map((layer, i) => ({
        ...layer,
        activate: i < layers.length - 1 || activatesOutput ? activate : ACTIVATIONS['linear']!,
      }))
    })
    if (pair.some((layers) => layers === undefined || layers.length === 0))
      return { fault: `its network of width ${width} has a layer without weight or bias` }
    networks.set(width, pair as [HyperLayer[], HyperLayer[]])
  }
  if (networks.size === 0) return { fault: 'it holds no layers' }
  return { path: file.path, networks }
}

function listWidths({ tensors }: WeightFile): number[] {
  const widths = [...tensors.keys()].flatMap((name) => /^(\d+)\.[01]\./.exec(name)?.[1] ?? [])
  return [...new Set(widths)].map(Number)
}

const WEIGHT = '.weight'

function listLayers(
  { tensors }: WeightFile,
  prefix: string,
  hasNorms: boolean,
): Omit<HyperLayer, 'activate'>[] | undefined {
  const names = [...tensors.keys()]
    .filter((name) => name.startsWith(prefix) && name.endsWith(WEIGHT))
    .map((name) => name.slice(0, -WEIGHT.length))
  const parts = names.map((name) => {
    const [weight, bias] = [tensors.get(name + WEIGHT), tensors.get(`${name}.bias`)]
    return weight && bias && { name, weight, bias }
  })
  if (parts.some((part) => part === undefined)) return undefined
  const whole = parts as { name: string; weight: TensorEntry; bias: TensorEntry }[]
  if (!hasNorms) return whole
  return whole.flatMap((part, i) =>
    i % 2 === 0 ? { ...part, ...(whole[i + 1] && { norm: whole[i + 1]! }) } : [],
  )
}

/**
 * A hypernetwork: what keys and values are projected from goes through small networks of its width, and their output is
 * added by a strength. Input `name` [batch, 1], the strength.
 */
export function hypernetwork(name: string, { path, networks }: Hypernetwork): UnetPatch {
  return {
    key: `hypernetwork ${path} ${name}`,
    open({ graph }) {
      const rows = graph.input(name, 'F32', ['batch', 1])
      const strength = graph.op('Reshape', [rows, graph.integers([-1, 1, 1])])
      return {
        beforeAttention(values, at) {
          const pair = networks.get(at.layer === 'self' ? at.channels : at.contextWidth)
          if (pair === undefined) return values
          const change = (x: Value, layers: readonly HyperLayer[]) =>
            graph.op('Add', [x, graph.op('Mul', [runLayers(graph, x, { path, layers }), strength])])
          return { ...values, key: change(values.key, pair[0]), value: change(values.value, pair[1]) }
        },
      }
    },
  }
}

function runLayers(
  graph: GraphBuilder,
  input: Value,
  { path, layers }: { readonly path: string; readonly layers: readonly HyperLayer[] },
): Value {
  const take = (name: string, entry: TensorEntry) => graph.tensor(`${path}:${name}`, { path, ...entry })
  return layers.reduce((x, { name, weight, bias, activate, norm }) => {
    const inputs = [x, take(`${name}.weight`, weight), take(`${name}.bias`, bias)]
    const active = activate(graph, graph.op('Linear', inputs, {}, LAYERS))
    if (norm === undefined) return active
    const scales = [take(`${norm.name}.weight`, norm.weight), take(`${norm.name}.bias`, norm.bias)]
    return graph.op('LayerNormalization', [active, ...scales], { axis: -1, epsilon: { float: 1e-5 } })
  }, input)
}
