import type { WeightFile } from '../../checkpoint/weight-file.ts'
import { GraphBuilder, type Graph, type Value } from '../../onnx/graph-builder.ts'
import { add, conv } from '../layers.ts'
import type { AdapterConfig } from './detect-control.ts'

/** Stages of every adapter, and residual blocks of a full one's stage. */
const STAGES = 4
const BLOCKS = 2
/** Where the stages' features are added to a UNet. */
const PLACES = {
  plain: ['feature_2', 'feature_5', 'feature_8', 'feature_11'],
  xl: ['feature_3', 'feature_5', 'feature_8', 'middle'],
} as const

/**
 * A T2I-Adapter (Mou et al. 2023, arXiv 2302.08453). Input: hint [batch, inputs, h, w], unshuffled. Outputs: four
 * features, named after the places of the UNet they are added to.
 */
export function buildAdapter(file: WeightFile, config: AdapterConfig): Graph {
  const graph = new GraphBuilder(file)
  const hint = graph.input('hint', 'F32', ['batch', config.inputs, 'height', 'width'])
  let x = config.isLight ? hint : conv(graph, hint, 'conv_in')
  for (let stage = 0; stage < STAGES; stage += 1) {
    const isHalved = config.isXl ? stage === 2 : stage > 0
    x = config.isLight
      ? lightStage(graph, x, `body.${stage}`, isHalved)
      : fullStage(graph, x, stage, isHalved)
    const place = PLACES[config.isXl ? 'xl' : 'plain'][stage]!
    graph.output(place, x, 'F32', ['batch', `${place}_channels`, `${place}_height`, `${place}_width`])
  }
  return graph.build()
}

function fullStage(graph: GraphBuilder, input: Value, stage: number, isHalved: boolean): Value {
  let x = input
  for (let block = 0; block < BLOCKS; block += 1) {
    const name = `body.${BLOCKS * stage + block}`
    if (isHalved && block === 0) x = halve(graph, x, `${name}.down_opt.op`)
    if (has(graph, `${name}.in_conv`)) x = conv(graph, x, `${name}.in_conv`)
    const inner = conv(graph, relu(graph, conv(graph, x, `${name}.block1`)), `${name}.block2`)
    x = add(graph, inner, has(graph, `${name}.skep`) ? conv(graph, x, `${name}.skep`) : x)
  }
  return x
}

function lightStage(graph: GraphBuilder, input: Value, name: string, isHalved: boolean): Value {
  let x = conv(graph, isHalved ? halve(graph, input, `${name}.down_opt.op`) : input, `${name}.in_conv`)
  for (let block = 0; has(graph, `${name}.body.${block}.block1`); block += 1) {
    const inner = relu(graph, conv(graph, x, `${name}.body.${block}.block1`))
    x = add(graph, conv(graph, inner, `${name}.body.${block}.block2`), x)
  }
  return conv(graph, x, `${name}.out_conv`)
}

/** By a convolution where the file has one, else by averages. */
function halve(graph: GraphBuilder, x: Value, name: string): Value {
  if (has(graph, name)) return conv(graph, x, name, { stride: 2 })
  return graph.op('AveragePool', [x], { kernel_shape: [2, 2], strides: [2, 2] })
}

function relu(graph: GraphBuilder, x: Value): Value {
  return graph.op('Relu', [x])
}

function has(graph: GraphBuilder, name: string): boolean {
  return graph.shapeOf(`${name}.weight`) !== undefined
}
