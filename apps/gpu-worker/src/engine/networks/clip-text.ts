import type { TextEncoderConfig } from '../checkpoint/detect-text.ts'
import { openTextWeights } from '../checkpoint/text-names.ts'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import { GraphBuilder, type Graph, type Value } from '../onnx/graph-builder.ts'
import { add, attention, attentionMask, layerNorm, linear, maskedAttention, quickGelu } from './layers.ts'

/** Tokens of one chunk, start and end marks included. */
export const CHUNK_TOKENS = 77
/** Width of one attention head in every CLIP text encoder. */
const HEAD_SIZE = 64

/**
 * CLIP's text encoder (Radford et al. 2021, arXiv 2103.00020), a causal transformer. Inputs: tokens [batch, 77] int64,
 * and embeddings [batch, 77, width] with use [batch, 77, 1], which replace a token's own vector where use is 1 (textual
 * inversion); ends [batch] int64, each chunk's end-of-text position. Outputs: `hidden_N` [batch, 77, width] for every
 * layer N = 1 … layers, counted from the first, without the final normalisation, and `normal_N`, with it; `pooled`
 * [batch, projected], the last normalised vector at the end of the text, projected where the file has a projection.
 */
export function buildClipText(file: WeightFile, config: TextEncoderConfig): Graph {
  const graph = new GraphBuilder(openTextWeights(file, config))
  const { width } = config
  const tokens = graph.input('tokens', 'I64', ['batch', CHUNK_TOKENS])
  const embeddings = graph.input('embeddings', 'F32', ['batch', CHUNK_TOKENS, width])
  const use = graph.input('use', 'F32', ['batch', CHUNK_TOKENS, 1])
  const own = graph.op('Gather', [graph.weight('text_model.embeddings.token_embedding.weight'), tokens], {
    axis: 0,
  })
  const replaced = graph.op('Where', [graph.op('Greater', [use, graph.floats([0])]), embeddings, own])
  let x = add(graph, replaced, graph.weight('text_model.embeddings.position_embedding.weight'))
  const mask = attentionMask(graph, CHUNK_TOKENS)
  for (let layer = 1; layer <= config.layers; layer += 1) {
    x = encoderLayer(graph, x, {
      name: `text_model.encoder.layers.${layer - 1}`,
      heads: width / HEAD_SIZE,
      mask,
      activation: config.activation,
    })
    graph.output(`hidden_${layer}`, x, 'F32', ['batch', CHUNK_TOKENS, width])
    const normal = layerNorm(graph, x, 'text_model.final_layer_norm')
    graph.output(`normal_${layer}`, normal, 'F32', ['batch', CHUNK_TOKENS, width])
    if (layer === config.layers) poolText(graph, normal, width)
  }
  return graph.build()
}

/** Takes the end-of-text vectors of [batch, 77, width] and projects them. */
function poolText(graph: GraphBuilder, normal: Value, width: number): void {
  const ends = graph.op('Unsqueeze', [graph.input('ends', 'I64', ['batch']), graph.integers([1])])
  const pooled = graph.op('GatherND', [normal, ends], { batch_dims: 1 })
  const [library, openClip] = [graph.shapeOf('text_projection.weight'), graph.shapeOf('text_projection')]
  const projected =
    library !== undefined
      ? linear(graph, pooled, 'text_projection')
      : openClip !== undefined
        ? graph.op('MatMul', [pooled, graph.weight('text_projection')])
        : pooled
  graph.output('pooled', projected, 'F32', ['batch', library?.[0] ?? openClip?.[1] ?? width])
}

/** A layer of one of CLIP's encoders. */
export interface LayerOptions extends Pick<TextEncoderConfig, 'activation'> {
  readonly name: string
  readonly heads: number
  /** Hides what must not be seen; absent: everything sees everything. */
  readonly mask?: Value
}

/** A layer of one of CLIP's encoders, under the transformers library's names. */
export function encoderLayer(
  graph: GraphBuilder,
  input: Value,
  { name, heads, mask, activation }: LayerOptions,
): Value {
  const normal = layerNorm(graph, input, `${name}.layer_norm1`)
  const [query, key, value] = ['q_proj', 'k_proj', 'v_proj'].map((part) =>
    linear(graph, normal, `${name}.self_attn.${part}`),
  )
  const parts = { query: query!, key: key!, value: value! }
  const attended =
    mask === undefined ? attention(graph, parts, heads) : maskedAttention(graph, parts, { heads, mask })
  const projected = linear(graph, attended, `${name}.self_attn.out_proj`)
  const x = add(graph, input, graph.mark(`${name}.self_attn`, projected))
  const wide = linear(graph, layerNorm(graph, x, `${name}.layer_norm2`), `${name}.mlp.fc1`)
  const active = activation === 'quick-gelu' ? quickGelu(graph, wide) : graph.op('Gelu', [wide])
  const fed = graph.mark(`${name}.mlp`, linear(graph, active, `${name}.mlp.fc2`))
  return graph.mark(name, add(graph, x, fed))
}
