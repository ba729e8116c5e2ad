import { CheckpointError } from '../../checkpoint/checkpoint-error.ts'
import type { WeightFile } from '../../checkpoint/weight-file.ts'
import { GraphBuilder, type Graph, type Value } from '../../onnx/graph-builder.ts'
import { add, conv, layerNorm, leakyRelu, linear, pixelShuffle, scaled, upsampleNearest } from '../layers.ts'
import {
  fromWindows,
  indexRelativePositions,
  measureWindows,
  rollPixels,
  toWindows,
  type WindowSizes,
} from './swin-windows.ts'
import type { UpscalerConfig } from './upscaler-config.ts'

/** Mean colour the models were trained around. */
const MEAN = [0.4488, 0.4371, 0.404]
/** Attention of pixels that were no neighbours before the shift. */
const HIDDEN = -100
const SLOPE = 0.2
/** Slope before upsampling: torch's default, not the one of the rest. */
const EARLY_SLOPE = 0.01
/** Pictures smaller than this are padded first. */
const MINIMUM_SIDE = 16
/** Windows of this size are those of the JPEG models, which work on 0 to 255. */
const JPEG_WINDOW = 7

/** How the network makes pixels of its features. */
type Reconstruction = 'pixel-shuffle' | 'direct' | 'nearest' | 'none'

/** SwinIR (Liang et al. 2021, arXiv 2108.10257), or undefined. */
export function detectSwinir(file: WeightFile, prefix: string): UpscalerConfig | undefined {
  const shape = (name: string) => file.tensors.get(`${prefix}${name}`)?.shape
  const hasBlocks = shape('layers.0.residual_group.blocks.0.attn.relative_position_bias_table') !== undefined
  const first = shape(`${findFirst(file, prefix)}.weight`)
  if (!hasBlocks || first === undefined) return undefined
  const unshuffle = shape('conv_first.1.weight') === undefined ? 1 : Math.round(Math.sqrt(first[1]! / 3))
  if (first[1] !== 3 * unshuffle ** 2) {
    throw new CheckpointError(
      'unknown-structure',
      file.path,
      `its network takes ${first[1]} channels; only colour pictures are supported`,
    )
  }
  const multiple = unshuffle ** 2
  return {
    architecture: 'SwinIR',
    prefix,
    scale: countScale(file, prefix) / unshuffle,
    unshuffle,
    minimumSide: Math.ceil(MINIMUM_SIDE / multiple) * multiple,
    multiples: [multiple, countWindow(file, prefix) * unshuffle],
  }
}

/** Pixels of a window's side. */
export function countWindow(file: WeightFile, prefix: string): number {
  const table = `${prefix}layers.0.residual_group.blocks.0.attn.relative_position_bias_table`
  return (Math.sqrt(file.tensors.get(table)?.shape[0] ?? 0) + 1) / 2
}

/**
 * The network: image [1, 3 u², height, width], 0 to 1, sides multiples of the window, and regions [windows, window²]
 * (`numberRegions`), to upscaled [1, 3, …].
 */
export function buildSwinir(file: WeightFile, config: UpscalerConfig): Graph {
  const graph = new GraphBuilder(file)
  const { prefix } = config
  const window = countWindow(file, prefix)
  const image = graph.input('image', 'F32', [1, 3 * config.unshuffle ** 2, 'height', 'width'])
  const regions = graph.input('regions', 'F32', ['windows', window * window])
  const range = window === JPEG_WINDOW ? 255 : 1
  const inputMean = graph.floats(
    MEAN.flatMap((value) => new Array<number>(config.unshuffle ** 2).fill(value)),
    [1, 3 * config.unshuffle ** 2, 1, 1],
  )
  const x = scaled(graph, graph.op('Sub', [image, inputMean]), range)
  const first = conv(graph, x, findFirst(file, prefix))
  const swin: Swin = {
    graph,
    prefix,
    sizes: measureWindows(graph, first, { window, channels: graph.shapeOf(`${prefix}norm.weight`)![0]! }),
    hidden: hideOtherRegions(graph, regions),
  }
  const features = add(graph, convGroup(graph, bodyOf(swin, first), `${prefix}conv_after_body`), first)
  const output = reconstruct(swin, features, x)
  const back = add(graph, scaled(graph, output, 1 / range), graph.floats(MEAN, [1, 3, 1, 1]))
  graph.output('upscaled', back, 'F32', [1, 3, 'rows', 'columns'])
  return graph.build()
}

interface Swin {
  readonly graph: GraphBuilder
  readonly prefix: string
  readonly sizes: WindowSizes
  /** Additive mask of shifted windows, [windows, 1, window², window²]. */
  readonly hidden: Value
}

function hideOtherRegions(graph: GraphBuilder, regions: Value): Value {
  const unsqueeze = (axes: number[]) => graph.op('Unsqueeze', [regions, graph.integers(axes)])
  const isSame = graph.op('Equal', [unsqueeze([1, 2]), unsqueeze([1, 3])])
  return graph.op('Where', [isSame, graph.floats([0]), graph.floats([HIDDEN])])
}

function bodyOf(swin: Swin, first: Value): Value {
  const { graph, prefix } = swin
  const hasPatchNorm = graph.shapeOf(`${prefix}patch_embed.norm.weight`) !== undefined
  let x = toPixelRows(graph, first)
  if (hasPatchNorm) x = layerNorm(graph, x, `${prefix}patch_embed.norm`)
  for (let layer = 0; has(graph, `${prefix}layers.${layer}.residual_group.blocks.0.norm1`); layer += 1) {
    const name = `${prefix}layers.${layer}`
    let inner = x
    for (let block = 0; has(graph, `${name}.residual_group.blocks.${block}.norm1`); block += 1)
      inner = swinBlock(swin, inner, `${name}.residual_group.blocks.${block}`, block % 2 === 1)
    const convolved = convGroup(graph, fromPixelRows(graph, inner), `${name}.conv`)
    x = add(graph, toPixelRows(graph, convolved), x)
  }
  return fromPixelRows(graph, layerNorm(graph, x, `${prefix}norm`))
}

/** Attention within windows, shifted by half a window in every other block, and a perceptron. */
function swinBlock(swin: Swin, input: Value, name: string, isShifted: boolean): Value {
  const { graph, sizes } = swin
  const shift = isShifted ? Math.floor(sizes.window / 2) : 0
  const normal = layerNorm(graph, input, `${name}.norm1`)
  const moved = isShifted ? rollPixels(graph, normal, shift) : normal
  const attended = windowAttention(swin, toWindows(graph, moved, sizes), `${name}.attn`, isShifted)
  const back = fromWindows(graph, attended, sizes)
  const x = add(graph, input, isShifted ? rollPixels(graph, back, -shift) : back)
  const wide = linear(graph, layerNorm(graph, x, `${name}.norm2`), `${name}.mlp.fc1`)
  return add(graph, x, linear(graph, graph.op('Gelu', [wide]), `${name}.mlp.fc2`))
}

function windowAttention({ graph, sizes, hidden }: Swin, x: Value, name: string, isShifted: boolean): Value {
  const tokens = sizes.window ** 2
  const heads = graph.shapeOf(`${name}.relative_position_bias_table`)?.[1] ?? 1
  const size = sizes.channels / heads
  const joined = graph.op('Reshape', [
    linear(graph, x, `${name}.qkv`),
    graph.integers([-1, tokens, 3, heads, size]),
  ])
  const parts = graph.ops('Split', [graph.op('Transpose', [joined], { perm: [2, 0, 3, 1, 4] })], {
    attributes: { axis: 0, num_outputs: 3 },
    outputs: 3,
  })
  const [query, key, value] = parts.map((part) => graph.op('Squeeze', [part, graph.integers([0])]))
  const keys = graph.op('Transpose', [key!], { perm: [0, 1, 3, 2] })
  const products = graph.op('MatMul', [scaled(graph, query!, size ** -0.5), keys])
  const biased = add(
    graph,
    products,
    positionBias(graph, `${name}.relative_position_bias_table`, sizes.window),
  )
  const weights = graph.op('Softmax', [isShifted ? add(graph, biased, hidden) : biased], { axis: -1 })
  const mixed = graph.op('Transpose', [graph.op('MatMul', [weights, value!])], { perm: [0, 2, 1, 3] })
  const flat = graph.op('Reshape', [mixed, graph.integers([-1, tokens, sizes.channels])])
  return linear(graph, flat, `${name}.proj`)
}

/** [1, heads, window², window²] of a table [(2 window - 1)², heads]. */
function positionBias(graph: GraphBuilder, table: string, window: number): Value {
  const tokens = window * window
  const index = graph.integers(indexRelativePositions(window), [tokens, tokens])
  const gathered = graph.op('Gather', [graph.weight(table), index], { axis: 0 })
  return graph.op('Unsqueeze', [graph.op('Transpose', [gathered], { perm: [2, 0, 1] }), graph.integers([0])])
}

function reconstruct(swin: Swin, features: Value, image: Value): Value {
  const { graph, prefix } = swin
  const layer = (x: Value, name: string) => conv(graph, x, prefix + name)
  const kind = toReconstruction((name) => has(graph, prefix + name))
  if (kind === 'none') return add(graph, image, layer(features, 'conv_last'))
  if (kind === 'direct') {
    const shape = graph.shapeOf(`${prefix}upsample.0.weight`)!
    return pixelShuffle(graph, layer(features, 'upsample.0'), Math.sqrt(shape[0]! / 3))
  }
  let x = leakyRelu(graph, layer(features, 'conv_before_upsample.0'), EARLY_SLOPE)
  if (kind === 'nearest') {
    for (let stage = 1; has(graph, `${prefix}conv_up${stage}`); stage += 1)
      x = leakyRelu(graph, layer(upsampleNearest(graph, x), `conv_up${stage}`), SLOPE)
    return layer(leakyRelu(graph, layer(x, 'conv_hr'), SLOPE), 'conv_last')
  }
  for (let stage = 0; has(graph, `${prefix}upsample.${stage}`); stage += 2) {
    const [outputs, inputs] = graph.shapeOf(`${prefix}upsample.${stage}.weight`)!
    x = pixelShuffle(graph, layer(x, `upsample.${stage}`), Math.sqrt(outputs! / inputs!))
  }
  return layer(x, 'conv_last')
}

function toReconstruction(hasLayer: (name: string) => boolean): Reconstruction {
  if (hasLayer('conv_before_upsample.0')) return hasLayer('conv_up1') ? 'nearest' : 'pixel-shuffle'
  return hasLayer('upsample.0') ? 'direct' : 'none'
}

function countScale(file: WeightFile, prefix: string): number {
  const shape = (name: string) => file.tensors.get(`${prefix}${name}.weight`)?.shape
  const kind = toReconstruction((name) => shape(name) !== undefined)
  let scale = 1
  if (kind === 'nearest') for (let stage = 1; shape(`conv_up${stage}`); stage += 1) scale *= 2
  if (kind === 'direct') scale = Math.sqrt(shape('upsample.0')![0]! / 3)
  if (kind === 'pixel-shuffle') {
    for (let stage = 0; shape(`upsample.${stage}`); stage += 2)
      scale *= Math.sqrt(shape(`upsample.${stage}`)![0]! / shape(`upsample.${stage}`)![1]!)
  }
  return scale
}

/** One convolution, or three with a narrow middle. */
function convGroup(graph: GraphBuilder, x: Value, name: string): Value {
  if (has(graph, name)) return conv(graph, x, name)
  const narrow = leakyRelu(graph, conv(graph, x, `${name}.0`), SLOPE)
  return conv(graph, leakyRelu(graph, conv(graph, narrow, `${name}.2`), SLOPE), `${name}.4`)
}

function findFirst(file: WeightFile, prefix: string): string {
  const plain = `${prefix}conv_first`
  return file.tensors.has(`${plain}.weight`) ? plain : `${plain}.1`
}

function has(graph: GraphBuilder, name: string): boolean {
  return graph.shapeOf(`${name}.weight`) !== undefined
}

function toPixelRows(graph: GraphBuilder, x: Value): Value {
  return graph.op('Transpose', [x], { perm: [0, 2, 3, 1] })
}

function fromPixelRows(graph: GraphBuilder, x: Value): Value {
  return graph.op('Transpose', [x], { perm: [0, 3, 1, 2] })
}
