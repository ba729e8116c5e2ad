import type { VaeConfig } from '../checkpoint/detect-vae.ts'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import { GraphBuilder, type Graph, type Value } from '../onnx/graph-builder.ts'
import { add, attention, conv, fromTokens, groupNorm, silu, toTokens, upsampleNearest } from './layers.ts'

const EPSILON = 1e-6

/** Into how many tiles a decoder's attention is cut. */
export interface DecoderTiles {
  readonly down: number
  readonly across: number
}

/** The input that tells tiles: how many down, rows of one, how many across, columns of one, and rows and columns of all. */
export const TILES_INPUT = 'tiles'

/**
 * The autoencoder's decoder (Rombach et al. 2022). Input: unscaled latent [batch, 4, h, w]. Output: pixels
 * [batch, 3, f h, f w], about -1 to 1, with f = 2^(levels - 1). Where its attention is cut into tiles (A1111's Hypertile),
 * `tiles` [6] tells which.
 */
export function buildVaeDecoder(file: WeightFile, config: VaeConfig, { isCut = false } = {}): Graph {
  const graph = new GraphBuilder(file)
  const { prefix } = config
  const latent = graph.input('latent', 'F32', ['batch', config.latentChannels, 'height', 'width'])
  const hasPostQuant = graph.shapeOf(`${prefix}post_quant_conv.weight`) !== undefined
  let x = hasPostQuant ? conv(graph, latent, `${prefix}post_quant_conv`) : latent
  x = conv(graph, x, `${prefix}decoder.conv_in`)
  x = middle(graph, x, `${prefix}decoder.mid`, isCut ? tiledAttention : attentionBlock)
  for (let level = config.decoderBlocks.length - 1; level >= 0; level -= 1) {
    const name = `${prefix}decoder.up.${level}`
    for (let block = 0; block < config.decoderBlocks[level]!; block += 1)
      x = residualBlock(graph, x, `${name}.block.${block}`)
    if (level === 0) continue
    x = conv(graph, upsampleNearest(graph, x), `${name}.upsample.conv`)
    graph.mark(`${name}.upsample`, x)
  }
  x = conv(
    graph,
    silu(graph, groupNorm(graph, x, `${prefix}decoder.norm_out`, EPSILON)),
    `${prefix}decoder.conv_out`,
  )
  graph.output('pixels', x, 'F32', ['batch', 3, 'rows', 'columns'])
  return graph.build()
}

/**
 * The autoencoder's encoder. Input: pixels [batch, 3, height, width], -1 to 1, sizes multiples of f. Output: moments
 * [batch, 8, h, w]: mean, then log variance, of the unscaled latent.
 */
export function buildVaeEncoder(file: WeightFile, config: VaeConfig): Graph {
  const graph = new GraphBuilder(file)
  const { prefix } = config
  const pixels = graph.input('pixels', 'F32', ['batch', 3, 'rows', 'columns'])
  let x = conv(graph, pixels, `${prefix}encoder.conv_in`)
  config.encoderBlocks.forEach((blocks, level) => {
    const name = `${prefix}encoder.down.${level}`
    for (let block = 0; block < blocks; block += 1) x = residualBlock(graph, x, `${name}.block.${block}`)
    if (level === config.encoderBlocks.length - 1) return
    // Zeros at the right and bottom only, as the model was trained.
    x = conv(graph, x, `${name}.downsample.conv`, { stride: 2, pads: [0, 0, 1, 1] })
    graph.mark(`${name}.downsample`, x)
  })
  x = middle(graph, x, `${prefix}encoder.mid`)
  x = conv(
    graph,
    silu(graph, groupNorm(graph, x, `${prefix}encoder.norm_out`, EPSILON)),
    `${prefix}encoder.conv_out`,
  )
  const hasQuant = graph.shapeOf(`${prefix}quant_conv.weight`) !== undefined
  const moments = hasQuant ? conv(graph, x, `${prefix}quant_conv`) : x
  graph.output('moments', moments, 'F32', ['batch', 2 * config.latentChannels, 'height', 'width'])
  return graph.build()
}

function middle(graph: GraphBuilder, input: Value, name: string, attend = attentionBlock): Value {
  const x = residualBlock(graph, input, `${name}.block_1`)
  return residualBlock(graph, attend(graph, x, `${name}.attn_1`), `${name}.block_2`)
}

function residualBlock(graph: GraphBuilder, input: Value, name: string): Value {
  let x = conv(graph, silu(graph, groupNorm(graph, input, `${name}.norm1`, EPSILON)), `${name}.conv1`)
  x = conv(graph, silu(graph, groupNorm(graph, x, `${name}.norm2`, EPSILON)), `${name}.conv2`)
  const hasShortcut = graph.shapeOf(`${name}.nin_shortcut.weight`) !== undefined
  const straight = hasShortcut ? conv(graph, input, `${name}.nin_shortcut`) : input
  return graph.mark(name, add(graph, straight, x))
}

/** One head over all pixels, with 1x1 convolutions as projections. */
function attentionBlock(graph: GraphBuilder, input: Value, name: string): Value {
  const channels = graph.shapeOf(`${name}.norm.weight`)?.[0] ?? 0
  const normal = groupNorm(graph, input, `${name}.norm`, EPSILON)
  const project = (part: string) => toTokens(graph, conv(graph, normal, `${name}.${part}`), channels)
  const attended = attention(graph, { query: project('q'), key: project('k'), value: project('v') }, 1)
  const projected = conv(graph, fromTokens(graph, attended, input), `${name}.proj_out`)
  return graph.mark(name, add(graph, input, projected))
}

/** The same for each tile by itself, its normalisation too. */
function tiledAttention(graph: GraphBuilder, input: Value, name: string): Value {
  const channels = graph.integers([graph.shapeOf(`${name}.norm.weight`)?.[0] ?? 0])
  const numbers = graph.op('Cast', [graph.input(TILES_INPUT, 'F32', [6])], { to: 7 })
  const number = (place: number) => graph.op('Gather', [numbers, graph.integers([place])], { axis: 0 })
  const [down, rows, across, columns, height, width] = [0, 1, 2, 3, 4, 5].map(number) as [
    ...[Value, Value, Value, Value, Value, Value],
  ]
  const reshape = (x: Value, sizes: readonly Value[]) =>
    graph.op('Reshape', [x, graph.op('Concat', [graph.integers([-1]), ...sizes], { axis: 0 })])
  const split = reshape(input, [channels, down, rows, across, columns])
  const tiles = reshape(graph.op('Transpose', [split], { perm: [0, 2, 4, 1, 3, 5] }), [
    channels,
    rows,
    columns,
  ])
  const attended = attentionBlock(graph, tiles, name)
  const parts = reshape(attended, [down, across, channels, rows, columns])
  return reshape(graph.op('Transpose', [parts], { perm: [0, 3, 1, 4, 2, 5] }), [channels, height, width])
}
