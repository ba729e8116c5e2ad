import { CheckpointError } from '../../checkpoint/checkpoint-error.ts'
import { readTensor } from '../../checkpoint/read-tensor.ts'
import type { WeightFile } from '../../checkpoint/weight-file.ts'
import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import { LAYERS } from '../../onnx/layer-ops.ts'
import { add, attention, silu } from '../layers.ts'
import type { AttentionPlace, UnetPatch } from './unet-patch.ts'

/** Places for boxes; those that are left over are told to be empty. */
export const BOX_PLACES = 30

/** Inputs, a row for each of a call: corners x1 y1 x2 y2 as shares, 1 where there is a box, and texts' embeddings. */
export const BOX_INPUTS = { corners: 'box_corners', taken: 'box_taken', texts: 'box_texts' } as const

/** A GLIGEN file (Li et al. 2023, arXiv 2301.07093): layers that show a UNet what is to be in which box. */
export interface Gligen {
  readonly file: WeightFile
  /** Width of the texts' embeddings. */
  readonly textWidth: number
  /** The layers' names, in the order of the UNet's transformer blocks. */
  readonly layers: readonly string[]
}

const POSITIONS = 'position_net'

/**
 * Recognises a GLIGEN file.
 * @throws CheckpointError `unknown-structure` for any other
 */
export function readGligen(file: WeightFile): Gligen {
  const nothing = file.tensors.get(`${POSITIONS}.null_positive_feature`)
  const layers = ['input_blocks', 'middle_block', 'output_blocks'].flatMap((half) =>
    [...new Set([...file.tensors.keys()].flatMap((name) => FUSER.exec(name)?.[0] ?? []))]
      .filter((name) => name.includes(`${half}.`))
      .sort((a, b) => blockOf(a) - blockOf(b)),
  )
  if (nothing === undefined || layers.length === 0)
    throw new CheckpointError('unknown-structure', file.path, 'it is no GLIGEN model')
  return { file, textWidth: nothing.shape[0]!, layers }
}

const FUSER = /^.*\.fuser(?=\.)/

function blockOf(layer: string): number {
  return Number(/_blocks?\.(\d+)\./.exec(layer)?.[1])
}

/** Frequencies of the waves that corners are told in: 100^(i / 8). */
const FREQUENCIES = Array.from({ length: 8 }, (_, i) => 100 ** (i / 8))

/** Shows boxes after every self-attention. */
export function showBoxes(gligen: Gligen): UnetPatch {
  return {
    key: `boxes ${gligen.file.path}`,
    open({ graph }) {
      const net = new Layers(graph, gligen.file)
      const boxes = embedBoxes(net, gligen.textWidth)
      let block = 0
      return {
        afterSelf(x, at) {
          const layer = gligen.layers[block]
          block += 1
          if (layer !== undefined) return fuse(net, x, { boxes, layer, at })
          throw new CheckpointError(
            'unknown-structure',
            gligen.file.path,
            `it has ${gligen.layers.length} layers, the UNet more`,
          )
        },
      }
    },
  }
}

/** What is told of the boxes, [batch, places, width]. */
function embedBoxes(net: Layers, textWidth: number): Value {
  const { graph } = net
  const flat = (name: string, width: number) =>
    graph.op('Reshape', [
      graph.input(name, 'F32', ['batch', BOX_PLACES * width]),
      graph.integers([-1, BOX_PLACES, width]),
    ])
  const corners = flat(BOX_INPUTS.corners, 4)
  const taken = flat(BOX_INPUTS.taken, 1)
  const free = graph.op('Sub', [graph.floats([1]), taken])
  const waves = FREQUENCIES.flatMap((frequency) => {
    const angles = graph.op('Mul', [corners, graph.floats([Math.fround(frequency)])])
    return [graph.op('Sin', [angles]), graph.op('Cos', [angles])]
  })
  const orNothing = (value: Value, name: string) =>
    add(graph, graph.op('Mul', [value, taken]), graph.op('Mul', [free, net.weight(`${POSITIONS}.${name}`)]))
  const texts = orNothing(flat(BOX_INPUTS.texts, textWidth), 'null_positive_feature')
  const places = orNothing(graph.op('Concat', waves, { axis: -1 }), 'null_position_feature')
  const joined = graph.op('Concat', [texts, places], { axis: -1 })
  const first = silu(graph, net.linear(joined, `${POSITIONS}.linears.0`))
  return net.linear(silu(graph, net.linear(first, `${POSITIONS}.linears.2`)), `${POSITIONS}.linears.4`)
}

/** Heads where boxes are 768 wide (SD1); elsewhere heads have a size. */
const HEADS = { width: 768, count: 8, size: 64 }

/** A gated attention of a block's tokens to themselves and the boxes, and a gated feed-forward layer. */
function fuse(
  net: Layers,
  x: Value,
  { boxes, layer, at }: { readonly boxes: Value; readonly layer: string; readonly at: AttentionPlace },
): Value {
  const { graph } = net
  const width = net.shapeOf(`${layer}.linear.weight`)[1]
  const heads = width === HEADS.width ? HEADS.count : at.channels / HEADS.size
  const seen = graph.op('Concat', [x, net.linear(boxes, `${layer}.linear`)], { axis: 1 })
  const normal = net.norm(seen, `${layer}.norm1`)
  const project = (name: string) => net.linear(normal, `${layer}.attn.${name}`)
  const values = { query: project('to_q'), key: project('to_k'), value: project('to_v') }
  const attended = net.linear(attention(graph, values, heads), `${layer}.attn.to_out.0`)
  const count = graph.op('Shape', [x], { start: 1, end: 2 })
  const own = graph.op('Slice', [attended, graph.integers([0]), count, graph.integers([1])])
  const looked = add(graph, x, net.gate(own, `${layer}.alpha_attn`))
  const gated = net.gatedLinear(net.norm(looked, `${layer}.norm2`), `${layer}.ff.net.0.proj`)
  return add(graph, looked, net.gate(net.linear(gated, `${layer}.ff.net.2`), `${layer}.alpha_dense`))
}

/** Layers whose weights lie in a file beside the UNet's. */
class Layers {
  readonly graph: GraphBuilder
  readonly #file: WeightFile

  constructor(graph: GraphBuilder, file: WeightFile) {
    this.graph = graph
    this.#file = file
  }

  shapeOf(name: string): readonly number[] {
    const entry = this.#file.tensors.get(name)
    if (entry !== undefined) return entry.shape
    throw new CheckpointError('unknown-structure', this.#file.path, `it has no tensor "${name}"`)
  }

  weight(name: string): Value {
    this.shapeOf(name)
    const { path, tensors } = this.#file
    return this.graph.tensor(`${path}:${name}`, { path, ...tensors.get(name)! })
  }

  linear(x: Value, name: string): Value {
    const bias = this.#file.tensors.has(`${name}.bias`) ? [this.weight(`${name}.bias`)] : []
    return this.graph.op('Linear', [x, this.weight(`${name}.weight`), ...bias], {}, LAYERS)
  }

  gatedLinear(x: Value, name: string): Value {
    const inputs = [x, this.weight(`${name}.weight`), this.weight(`${name}.bias`)]
    return this.graph.op('GatedLinear', inputs, {}, LAYERS)
  }

  norm(x: Value, name: string): Value {
    const inputs = [x, this.weight(`${name}.weight`), this.weight(`${name}.bias`)]
    return this.graph.op('LayerNormalization', inputs, { axis: -1, epsilon: { float: 1e-5 } })
  }

  /** A value times the hyperbolic tangent of a single learned number. */
  gate(x: Value, name: string): Value {
    this.shapeOf(name)
    const [alpha] = readTensor(this.#file, name).data
    return this.graph.op('Mul', [x, this.graph.floats([Math.tanh(alpha!)])])
  }
}
