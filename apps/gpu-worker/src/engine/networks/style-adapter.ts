import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import { toEncoderEntries } from '../checkpoint/text-names.ts'
import type { TensorEntry, WeightFile } from '../checkpoint/weight-file.ts'
import { GraphBuilder, type Graph } from '../onnx/graph-builder.ts'
import { encoderLayer } from './clip-text.ts'
import { layerNorm } from './layers.ts'

/** A style adapter's tensors, its layers under the transformers library's names, and its structure. */
export interface OpenedStyle {
  readonly file: WeightFile
  /** Width of the picture encoder whose squares it sees. */
  readonly width: number
  readonly layers: number
  /** Tokens it makes of a picture. */
  readonly tokens: number
  /** Their width, the context's. */
  readonly contextWidth: number
}

/** Heads of its attention. */
const HEADS = 8

/**
 * Recognises a style adapter (T2I-Adapter, Mou et al. 2023, arXiv 2302.08453, code of its authors).
 * @throws CheckpointError `unknown-structure` for any other file
 */
export function openStyle(file: WeightFile): OpenedStyle {
  const own = file.tensors.get('style_embedding')?.shape
  const projection = file.tensors.get('proj')?.shape
  if (own === undefined || projection === undefined)
    throw new CheckpointError('unknown-structure', file.path, 'it is no style adapter')
  const tensors = new Map<string, TensorEntry>()
  for (const [name, entry] of file.tensors) {
    // The authors' spelling.
    const layer = name.replace(/^transformer_layes\./, 'transformer.resblocks.')
    const renamed: [string, TensorEntry][] =
      layer === name ? [[name, entry]] : toEncoderEntries(layer, entry, { root: '', around: [] })
    for (const [to, part] of renamed) tensors.set(to, part)
  }
  let layers = 0
  while (tensors.has(`encoder.layers.${layers}.layer_norm1.weight`)) layers += 1
  const [, tokens = 0, width = 0] = own
  return { file: { ...file, tensors }, width, layers, tokens, contextWidth: projection[1]! }
}

/**
 * A style adapter: what a picture encoder's last layer says of one picture, `squares` [1, squares, width], becomes
 * `tokens` [1, tokens, context width] that follow a prompt's.
 */
export function buildStyleAdapter({ file, width, layers, tokens, contextWidth }: OpenedStyle): Graph {
  const graph = new GraphBuilder(file)
  const squares = graph.input('squares', 'F32', [1, 'squares', width])
  let x = graph.op('Concat', [squares, graph.weight('style_embedding')], { axis: 1 })
  x = layerNorm(graph, x, 'ln_pre')
  for (let layer = 0; layer < layers; layer += 1)
    x = encoderLayer(graph, x, {
      ...{ name: `encoder.layers.${layer}`, heads: HEADS },
      activation: 'quick-gelu',
    })
  const last = graph.op('Slice', [
    x,
    graph.integers([-tokens]),
    graph.integers([Number.MAX_SAFE_INTEGER]),
    graph.integers([1]),
  ])
  const normal = layerNorm(graph, last, 'ln_post')
  const projected = graph.op('MatMul', [normal, graph.weight('proj')])
  graph.output('tokens', projected, 'F32', [1, tokens, contextWidth])
  return graph.build()
}
