import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import { GraphBuilder, type Graph, type Value } from '../onnx/graph-builder.ts'
import { add, conv, relu, upsampleNearest } from './layers.ts'

/** The halves of a tiny autoencoder (TAESD, Bohan 2023), each a plain list of layers in a file of its own. */
export type TinyHalf = 'decoder' | 'encoder'

/** Where a half's layers are named, and how their numbers are counted. */
export interface TinyLayers {
  readonly prefix: string
  /** What the file's numbers are below those of the original, whose decoder counts its clamp as a layer. */
  readonly shift: number
}

/** Channels of a latent. */
const LATENT_CHANNELS = 4
const LAST_LAYER = { decoder: 19, encoder: 14 }
/** Layers of a decoder that double the picture. */
const UPSAMPLING = new Set([6, 11, 16])
/** Layers of an encoder that halve it. */
const HALVING = new Set([2, 6, 10])

/**
 * Finds a half's layers: named as the original names them, or as Diffusers' AutoencoderTiny does.
 * @throws CheckpointError when the file holds no such half
 */
export function findTinyLayers(file: WeightFile, half: TinyHalf): TinyLayers {
  const candidates: TinyLayers[] = [
    { prefix: '', shift: 0 },
    { prefix: `taesd_${half}.`, shift: 0 },
    { prefix: `${half}.layers.`, shift: half === 'decoder' ? 1 : 0 },
  ]
  const found = candidates.find((layers) => isHalf(file, half, layers))
  if (found === undefined)
    throw new CheckpointError('unknown-structure', file.path, `it holds no tiny autoencoder's ${half}`)
  return found
}

function isHalf(file: WeightFile, half: TinyHalf, { prefix, shift }: TinyLayers): boolean {
  const first = half === 'decoder' ? 1 : 0
  const shapeOf = (layer: number) => file.tensors.get(`${prefix}${layer - shift}.weight`)?.shape
  const [start, end] = [shapeOf(first), shapeOf(LAST_LAYER[half])]
  const [inputs, outputs] = half === 'decoder' ? [LATENT_CHANNELS, 3] : [3, LATENT_CHANNELS]
  return start?.length === 4 && start[1] === inputs && end?.length === 4 && end[0] === outputs
}

/** The decoder: latent [batch, 4, h, w] in sampling scale to pixels [batch, 3, 8h, 8w], about 0 to 1. */
export function buildTinyDecoder(file: WeightFile, layers: TinyLayers): Graph {
  const graph = new GraphBuilder(file)
  const latent = graph.input('latent', 'F32', ['batch', LATENT_CHANNELS, 'height', 'width'])
  let x = clamp(graph, latent)
  for (let layer = 1; layer <= LAST_LAYER.decoder; layer += 1) {
    if (layer === 2) x = relu(graph, x)
    else if (UPSAMPLING.has(layer)) x = upsampleNearest(graph, x)
    else x = runLayer(graph, x, nameOf(layers, layer))
  }
  graph.output('pixels', x, 'F32', ['batch', 3, 'rows', 'columns'])
  return graph.build()
}

/** The encoder: pixels [batch, 3, height, width], 0 to 1, to the latent [batch, 4, h, w] in sampling scale. */
export function buildTinyEncoder(file: WeightFile, layers: TinyLayers): Graph {
  const graph = new GraphBuilder(file)
  let x = graph.input('pixels', 'F32', ['batch', 3, 'rows', 'columns'])
  for (let layer = 0; layer <= LAST_LAYER.encoder; layer += 1) {
    const name = nameOf(layers, layer)
    x = HALVING.has(layer) ? conv(graph, x, name, { stride: 2 }) : runLayer(graph, x, name)
  }
  graph.output('latent', x, 'F32', ['batch', LATENT_CHANNELS, 'height', 'width'])
  return graph.build()
}

function nameOf({ prefix, shift }: TinyLayers, layer: number): string {
  return `${prefix}${layer - shift}`
}

/** A convolution, or a block of three with a shortcut. */
function runLayer(graph: GraphBuilder, x: Value, name: string): Value {
  if (graph.shapeOf(`${name}.conv.0.weight`) === undefined) return conv(graph, x, name)
  let inner = x
  for (const part of [0, 2, 4]) {
    inner = conv(graph, inner, `${name}.conv.${part}`)
    if (part < 4) inner = relu(graph, inner)
  }
  const hasShortcut = graph.shapeOf(`${name}.skip.weight`) !== undefined
  return relu(graph, add(graph, inner, hasShortcut ? conv(graph, x, `${name}.skip`) : x))
}

/** Latents softly kept between -3 and 3. */
function clamp(graph: GraphBuilder, latent: Value): Value {
  const bounded = graph.op('Tanh', [graph.op('Div', [latent, graph.floats([3])])])
  return graph.op('Mul', [bounded, graph.floats([3])])
}
