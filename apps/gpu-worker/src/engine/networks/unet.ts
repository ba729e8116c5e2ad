import type { UnetConfig } from '../checkpoint/detect-unet.ts'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import { GraphBuilder, type Graph, type Value } from '../onnx/graph-builder.ts'
import {
  add,
  addToChannels,
  attention,
  conv,
  fromTokens,
  gatedLinear,
  groupNorm,
  joinChannels,
  layerNorm,
  linear,
  silu,
  toTokens,
  upsampleTo,
} from './layers.ts'
import type { AttentionPlace, BlockPlace, UnetHooks, UnetPatch } from './patches/unet-patch.ts'

/** Epsilon of the residual blocks' and of the transformers' group normalisations. */
const EPSILON = { residual: 1e-5, transformer: 1e-6 }

/**
 * The denoising UNet of Stable Diffusion (Rombach et al. 2022, arXiv 2112.10752), as its checkpoint's tensors describe it.
 * Inputs: latent [batch, in, height, width], timesteps [batch] (fractions allowed), context [batch, tokens, width], and
 * label [batch, labels] where the model has one. Output: prediction [batch, out, height, width]. With controls, further
 * inputs of those names are added: `feature_N` to the output of input block N, `middle` to the middle block's, and
 * `skip_N` to what input block N hands to the output blocks; each has the shape of what it is added to. Patches change
 * what stands between, and may declare inputs of their own.
 */
export function buildUnet(
  file: WeightFile,
  config: UnetConfig,
  controls: readonly string[] = [],
  patches: readonly UnetPatch[] = [],
): Graph {
  const graph = new GraphBuilder(file)
  const latent = graph.input('latent', 'F32', ['batch', config.inChannels, 'height', 'width'])
  const timesteps = graph.input('timesteps', 'F32', ['batch'])
  const context = graph.input('context', 'F32', ['batch', 'tokens', config.contextWidth])
  const shared = { graph, config, context, embedding: embedTime(graph, config, timesteps) }
  const runAhead = (seen: Value, watching: UnetHooks) => {
    predict({ ...shared, hooks: [watching], control: (_, x) => x }, seen)
  }
  const hooks = patches.map((patch) => patch.open({ graph, config, latent, runAhead }))
  const control: Unet['control'] = (name, x) =>
    controls.includes(name) ? add(graph, x, controlInput(graph, name)) : x
  const prediction = predict({ ...shared, hooks, control }, latent)
  const finished = hooks.reduce((value, { finish }) => finish?.(value) ?? value, prediction)
  const channels = hooks.some(({ finish }) => finish) ? 'prediction_channels' : config.outChannels
  graph.output('prediction', finished, 'F32', ['batch', channels, 'height', 'width'])
  return graph.build()
}

/** The network over a latent. */
function predict(unet: Unet, latent: Value): Value {
  const { graph, config } = unet
  const first = changeBlock(unet, conv(graph, latent, `${config.prefix}input_blocks.0.0`), {
    half: 'input',
    block: 0,
  })
  const skips = [change(unet, 'feature', unet.control('feature_0', first), 0)]
  let x = inputBlocks(unet, skips)
  x = unet.control('middle', changeBlock(unet, middleBlock(unet, x), { half: 'middle', block: 0 }))
  x = outputBlocks(unet, x, skips)
  x = silu(graph, groupNorm(graph, x, `${config.prefix}out.0`, EPSILON.residual))
  return conv(graph, x, `${config.prefix}out.2`)
}

/** What the blocks of one UNet (or of a ControlNet, which is its first half) share. */
export interface Unet {
  readonly graph: GraphBuilder
  readonly config: UnetConfig
  readonly context: Value
  /** Time (and label) embedding after its activation, [batch, 4 x model channels]. */
  readonly embedding: Value
  /** Adds the control input of that name, where the graph has it. */
  readonly control: (name: string, x: Value) => Value
  /** What patches do, in their order. */
  readonly hooks?: readonly UnetHooks[]
}

function changeBlock({ hooks = [] }: Unet, output: Value, at: BlockPlace): Value {
  return hooks.reduce((x, { block }) => block?.(x, at) ?? x, output)
}

function change(
  { hooks = [] }: Unet,
  hook: 'feature' | 'featureAfterSkip',
  input: Value,
  block: number,
): Value {
  return hooks.reduce((x, hooked) => hooked[hook]?.(x, block) ?? x, input)
}

/** What every attention of one part of the network has in common. */
type Part = Pick<AttentionPlace, 'half' | 'block' | 'level'>

function controlInput(graph: GraphBuilder, name: string): Value {
  return graph.input(name, 'F32', ['batch', `${name}_channels`, `${name}_height`, `${name}_width`])
}

/** Numbers [count] as waves of falling frequency, cosines first, [count, width]. */
export function embedNumbers(graph: GraphBuilder, numbers: Value, width: number): Value {
  const half = width / 2
  const frequencies = Array.from({ length: half }, (_, i) => Math.exp((-Math.log(10_000) * i) / half))
  const column = graph.op('Unsqueeze', [numbers, graph.integers([1])])
  const angles = graph.op('Mul', [column, graph.floats(frequencies, [1, half])])
  return graph.op('Concat', [graph.op('Cos', [angles]), graph.op('Sin', [angles])], { axis: 1 })
}

/**
 * Time (and label) embedding after its activation; declares the label input where the network has one. `extra` [1,
 * 4 x model channels] is added before the activation.
 */
export function embedTime(graph: GraphBuilder, config: UnetConfig, timesteps: Value, extra?: Value): Value {
  const { prefix, modelChannels } = config
  const waves = embedNumbers(graph, timesteps, modelChannels)
  const own = mlp(graph, waves, `${prefix}time_embed`)
  const time = extra === undefined ? own : add(graph, own, extra)
  if (config.labelWidth === 0) return silu(graph, time)
  const label = graph.input('label', 'F32', ['batch', config.labelWidth])
  return silu(graph, add(graph, time, mlp(graph, label, `${prefix}label_emb.0`)))
}

function mlp(graph: GraphBuilder, x: Value, name: string): Value {
  return mlpOf(graph, x, [`${name}.0`, `${name}.2`])
}

/** Two linear layers with an activation between them. */
export function mlpOf(graph: GraphBuilder, x: Value, [first, second]: readonly [string, string]): Value {
  return linear(graph, silu(graph, linear(graph, x, first)), second)
}

/** The first half after its first convolution, the only entry of `skips`, to which every block's output is added. */
export function inputBlocks(unet: Unet, skips: Value[]): Value {
  const { graph, config } = unet
  let x = change(unet, 'featureAfterSkip', skips[0]!, 0)
  let block = 1
  const finish = (written: Value) => {
    const output = changeBlock(unet, written, { half: 'input', block })
    const seen = change(unet, 'feature', unet.control(`feature_${block}`, output), block)
    skips.push(seen)
    x = change(unet, 'featureAfterSkip', seen, block)
    block += 1
  }
  config.levels.forEach(({ depths }, level) => {
    for (const depth of depths) {
      const name = `${config.prefix}input_blocks.${block}`
      const output = residualBlock(unet, x, `${name}.0`)
      const part = { half: 'input', block, level } as const
      finish(depth > 0 ? spatialTransformer(unet, output, `${name}.1`, { depth, part }) : output)
    }
    if (level === config.levels.length - 1) return
    const name = `${config.prefix}input_blocks.${block}.0`
    finish(graph.mark(name, conv(graph, x, `${name}.op`, { stride: 2 })))
  })
  return x
}

/** The narrowest part. */
export function middleBlock(unet: Unet, input: Value): Value {
  const { prefix, middleDepth, levels } = unet.config
  const has = (block: number) =>
    unet.graph.shapeOf(`${prefix}middle_block.${block}.in_layers.0.weight`) !== undefined
  // Distilled SDXLs have one residual block there (SSD-1B), or nothing (KOALA).
  if (!has(0)) return input
  let x = residualBlock(unet, input, `${prefix}middle_block.0`)
  // Small ControlNets keep the projections around no blocks at all.
  const hasTransformer = unet.graph.shapeOf(`${prefix}middle_block.1.proj_in.weight`) !== undefined
  const part = { half: 'middle', block: 0, level: levels.length - 1 } as const
  if (hasTransformer) x = spatialTransformer(unet, x, `${prefix}middle_block.1`, { depth: middleDepth, part })
  return has(2) ? residualBlock(unet, x, `${prefix}middle_block.2`) : x
}

function outputBlocks(unet: Unet, input: Value, skips: Value[]): Value {
  const { graph, config, hooks = [] } = unet
  let x = input
  let level = config.levels.length - 1
  let channels = graph.shapeOf(`${config.prefix}middle_block.0.out_layers.3.weight`)?.[0] ?? 0
  config.outputDepths.forEach((depth, block) => {
    const name = `${config.prefix}output_blocks.${block}`
    const skip = unet.control(`skip_${skips.length - 1}`, skips.pop()!)
    const at = { block, channels }
    const joined = hooks.reduce((values, { join }) => join?.(values, at) ?? values, { x, skip })
    x = joinChannels(graph, [joined.x, joined.skip])
    x = residualBlock(unet, x, `${name}.0`)
    channels = graph.shapeOf(`${name}.0.out_layers.3.weight`)?.[0] ?? channels
    const part = { half: 'output', block, level } as const
    if (depth > 0) x = spatialTransformer(unet, x, `${name}.1`, { depth, part })
    const upsample = `${name}.${depth > 0 ? 2 : 1}`
    if (graph.shapeOf(`${upsample}.conv.weight`) !== undefined) {
      level -= 1
      // To the size of the next skip, which is odd where the input was not a multiple of the total reduction.
      x = upsampleTo(graph, x, skips.at(-1)!)
      x = graph.mark(upsample, conv(graph, x, `${upsample}.conv`))
    }
    x = changeBlock(unet, x, { half: 'output', block })
  })
  return x
}

/** Two convolutions around the embedding, and the input added. */
function residualBlock({ graph, embedding }: Unet, input: Value, name: string): Value {
  graph.mark(`${name}.emb_layers.0`, embedding)
  const embedded = linear(graph, embedding, `${name}.emb_layers.1`)
  let x = groupNorm(graph, input, `${name}.in_layers.0`, EPSILON.residual)
  x = graph.mark(`${name}.in_layers.1`, silu(graph, x))
  x = conv(graph, x, `${name}.in_layers.2`)
  x = addToChannels(graph, x, embedded)
  x = groupNorm(graph, x, `${name}.out_layers.0`, EPSILON.residual)
  x = graph.mark(`${name}.out_layers.1`, silu(graph, x))
  x = conv(graph, x, `${name}.out_layers.3`)
  const hasProjection = graph.shapeOf(`${name}.skip_connection.weight`) !== undefined
  const straight = hasProjection ? conv(graph, input, `${name}.skip_connection`) : input
  return graph.mark(name, add(graph, straight, x))
}

/** Pixels as tokens through `depth` transformer blocks, and the input added. */
function spatialTransformer(
  unet: Unet,
  input: Value,
  name: string,
  { depth, part }: { readonly depth: number; readonly part: Part },
): Value {
  const { graph, config } = unet
  const channels = graph.shapeOf(`${name}.norm.weight`)?.[0] ?? 0
  const normal = groupNorm(graph, input, `${name}.norm`, EPSILON.transformer)
  let x = config.hasLinearProjections
    ? linear(graph, toTokens(graph, normal, channels), `${name}.proj_in`)
    : toTokens(graph, conv(graph, normal, `${name}.proj_in`), channels)
  const heads = 'count' in config.heads ? config.heads.count : channels / config.heads.size
  for (let index = 0; index < depth; index += 1)
    x = transformerBlock(unet, x, `${name}.transformer_blocks.${index}`, {
      ...part,
      ...{ index, heads, channels, contextWidth: config.contextWidth, image: input },
    })
  const output = config.hasLinearProjections
    ? fromTokens(graph, linear(graph, x, `${name}.proj_out`), input)
    : conv(graph, fromTokens(graph, x, input), `${name}.proj_out`)
  return graph.mark(name, add(graph, output, input))
}

function transformerBlock(
  unet: Unet,
  input: Value,
  name: string,
  block: Omit<AttentionPlace, 'layer' | 'residual'>,
): Value {
  const { graph, context, hooks = [] } = unet
  const normal = layerNorm(graph, input, `${name}.norm1`)
  const place: AttentionPlace = { ...block, layer: 'self', residual: input }
  const self = attend(unet, [normal, normal], `${name}.attn1`, place)
  const looked = add(graph, self, input)
  let x = hooks.reduce((seen, { afterSelf }) => afterSelf?.(seen, place) ?? seen, looked)
  const second = layerNorm(graph, x, `${name}.norm2`)
  const cross = { ...block, layer: 'cross', residual: x } as const
  x = add(graph, attend(unet, [second, context], `${name}.attn2`, cross), x)
  const gated = gatedLinear(graph, layerNorm(graph, x, `${name}.norm3`), `${name}.ff.net.0.proj`)
  graph.mark(`${name}.ff.net.0`, gated)
  const fed = graph.mark(`${name}.ff`, linear(graph, gated, `${name}.ff.net.2`))
  return graph.mark(name, add(graph, fed, x))
}

/** An attention of `x` to `from`, projected back. */
function attend(
  { graph, hooks = [] }: Unet,
  [x, from]: readonly [x: Value, from: Value],
  layer: string,
  at: AttentionPlace,
): Value {
  const seen = hooks.reduce((values, { beforeAttention }) => beforeAttention?.(values, at) ?? values, {
    ...{ query: x, key: from, value: from },
  })
  const projected = {
    query: linear(graph, seen.query, `${layer}.to_q`),
    key: linear(graph, seen.key, `${layer}.to_k`),
    value: linear(graph, seen.value, `${layer}.to_v`),
  }
  const plain = attention(graph, projected, at.heads)
  const attended = hooks.reduce((value, hooked) => hooked.attend?.(projected, at, value) ?? value, plain)
  const output = linear(graph, attended, `${layer}.to_out.0`)
  const changed = hooks.reduce((value, { afterAttention }) => afterAttention?.(value, at) ?? value, output)
  return graph.mark(layer, changed)
}
