import type { GraphBuilder, Graph, Value } from '../../onnx/graph-builder.ts'
import { add, conv, silu } from '../layers.ts'
import { embedTime, inputBlocks, middleBlock, type Unet } from '../unet.ts'
import type { ControlNetConfig } from './detect-control.ts'
import { embedTypes, mergeHint } from './union.ts'

/** Convolutions of the hint's encoder by their index; those that halve the sides. */
const HINT_LAYERS = [0, 2, 4, 6, 8, 10, 12, 14]
const HALVING = [4, 8, 12]

/**
 * A ControlNet (Zhang et al. 2023, arXiv 2302.05543). Inputs as the UNet's (latent, timesteps, context, label), hint
 * [batch, channels, 8 height, 8 width], 0 to 1, and for a union network types [batch, kinds], ones and zeros. Outputs: `skip_N`
 * for every input block and `middle`, what is added to the UNet there; with `poolsGlobally` their means over the picture,
 * [batch, channels, 1, 1].
 */
export function buildControlNet(
  graph: GraphBuilder,
  config: ControlNetConfig,
  poolsGlobally: boolean,
): Graph {
  const { unet: structure, unionTypes } = config
  const latent = graph.input('latent', 'F32', ['batch', structure.inChannels, 'height', 'width'])
  const timesteps = graph.input('timesteps', 'F32', ['batch'])
  const context =
    structure.contextWidth > 0
      ? graph.input('context', 'F32', ['batch', 'tokens', structure.contextWidth])
      : latent
  const hint = graph.input('hint', 'F32', ['batch', config.hintChannels, 'rows', 'columns'])
  const types = unionTypes > 0 ? graph.input('types', 'F32', ['batch', unionTypes]) : undefined
  const extra = types && embedTypes(graph, types, unionTypes)
  const unet: Unet = {
    graph,
    config: structure,
    context,
    embedding: embedTime(graph, structure, timesteps, extra),
    control: (_, x) => x,
  }
  const encoded = encodeHint(graph, hint)
  const guided = types === undefined ? encoded : mergeHint(graph, encoded, types)
  const skips = [add(graph, conv(graph, latent, 'input_blocks.0.0'), guided)]
  const last = inputBlocks(unet, skips)
  const give = (name: string, x: Value) => {
    const value = poolsGlobally ? graph.op('GlobalAveragePool', [x]) : x
    graph.output(name, value, 'F32', ['batch', `${name}_channels`, `${name}_height`, `${name}_width`])
  }
  skips.forEach((skip, block) => give(`skip_${block}`, conv(graph, skip, `zero_convs.${block}.0`)))
  give('middle', conv(graph, middleBlock(unet, last), 'middle_block_out.0'))
  return graph.build()
}

/** The hint's encoder: eight convolutions to an eighth of the sides. */
export function encodeHint(graph: GraphBuilder, hint: Value): Value {
  let x = hint
  for (const layer of HINT_LAYERS) {
    const options = HALVING.includes(layer) ? { stride: 2 } : {}
    x = conv(graph, x, `input_hint_block.${layer}`, options)
    if (layer !== HINT_LAYERS.at(-1)) x = graph.mark(`input_hint_block.${layer + 1}`, silu(graph, x))
  }
  return x
}
