import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import { openVision, type OpenedVision } from '../checkpoint/detect-vision.ts'
import type { TensorEntry, WeightFile } from '../checkpoint/weight-file.ts'
import { GraphBuilder, type Graph, type Value } from '../onnx/graph-builder.ts'
import { encodePicture, wholeOf } from './clip-vision.ts'
import { add, layerNorm, linear } from './layers.ts'

/** PhotoMaker's tensors and structure. */
export interface OpenedPhotoMaker extends OpenedVision {
  /** Width of the token it changes, that of SDXL's context. */
  readonly contextWidth: number
}

/** Where its authors' files hold the network. */
const PREFIX = 'id_encoder.'
const FIRST_LAYER = 'fuse_module.mlp1.fc1.weight'

/**
 * Recognises PhotoMaker (Li et al. 2023, arXiv 2312.04461), its first version.
 * @throws CheckpointError `unknown-structure` for any other file
 */
export function openPhotoMaker(file: WeightFile): OpenedPhotoMaker {
  const tensors = new Map<string, TensorEntry>()
  const isWrapped = file.tensors.has(PREFIX + FIRST_LAYER)
  for (const [name, entry] of file.tensors) {
    if (!isWrapped) tensors.set(name, entry)
    else if (name.startsWith(PREFIX)) tensors.set(name.slice(PREFIX.length), entry)
  }
  const contextWidth = tensors.get(FIRST_LAYER)?.shape[0]
  if (contextWidth === undefined || !tensors.has('visual_projection_2.weight'))
    throw new CheckpointError('unknown-structure', file.path, 'it is no PhotoMaker model')
  return { ...openVision({ ...file, tensors }), contextWidth }
}

/**
 * PhotoMaker: a prompt's `token` [1, context width] becomes one, `fused`, that says of its thing what CLIP sees in a
 * picture, `pixels` [1, 3, size, size], normalised.
 */
export function buildPhotoMaker({ file, config, contextWidth }: OpenedPhotoMaker): Graph {
  const graph = new GraphBuilder(file)
  const token = graph.input('token', 'F32', [1, contextWidth])
  const { last } = encodePicture(graph, config)
  const whole = wholeOf(graph, last, config.width)
  const seen = ['visual_projection', 'visual_projection_2'].map((name) => linear(graph, whole, name))
  const joined = graph.op('Concat', [token, ...seen], { axis: -1 })
  const mixed = add(graph, perceive(graph, joined, 'fuse_module.mlp1'), token)
  const refined = add(graph, perceive(graph, mixed, 'fuse_module.mlp2'), mixed)
  graph.output('fused', layerNorm(graph, refined, 'fuse_module.layer_norm'), 'F32', [1, contextWidth])
  return graph.build()
}

function perceive(graph: GraphBuilder, x: Value, name: string): Value {
  const wide = linear(graph, layerNorm(graph, x, `${name}.layernorm`), `${name}.fc1`)
  return linear(graph, graph.op('Gelu', [wide]), `${name}.fc2`)
}
