import { CheckpointError } from '../../checkpoint/checkpoint-error.ts'
import type { WeightFile } from '../../checkpoint/weight-file.ts'
import { GraphBuilder, type Graph, type Value } from '../../onnx/graph-builder.ts'
import { add, conv, joinChannels, leakyRelu, scaled, upsampleNearest } from '../layers.ts'
import type { UpscalerConfig } from './upscaler-config.ts'

/** Share of a dense block that is added to its input. */
const RESIDUAL_SHARE = 0.2
const SLOPE = 0.2

/** What one layout of the same network calls its layers, without the file's prefix. */
interface EsrganNames {
  readonly first: string
  /** Convolution `layer` (1 to 5) of dense block `part` (1 to 3) of group `group`. */
  readonly dense: (group: number, part: number, layer: number) => string
  /** The 1x1 convolution that ESRGAN+ adds to a dense block. */
  readonly plus: (group: number, part: number) => string
  readonly trunk: string
  /** The convolution after doubling number `index`, from 1. */
  readonly up: (index: number) => string
  readonly highResolution: string
  readonly last: string
  readonly groups: number
  readonly doublings: number
}

/**
 * ESRGAN (Wang et al. 2018, arXiv 1809.00219) in the layouts of ESRGAN, BSRGAN and Real-ESRGAN, or undefined.
 * @throws CheckpointError when its numbers of channels make no picture
 */
export function detectEsrgan(file: WeightFile, prefix: string): UpscalerConfig | undefined {
  const names = findNames(file, prefix)
  if (names === undefined) return undefined
  const shapeOf = (name: string) => file.tensors.get(`${prefix}${name}.weight`)?.shape
  const [inputs, outputs] = [shapeOf(names.first)?.[1] ?? 0, shapeOf(names.last)?.[0] ?? 0]
  const unshuffle = Math.sqrt(inputs / outputs)
  if (outputs !== 3 || ![1, 2, 4].includes(unshuffle)) {
    throw new CheckpointError(
      'unknown-structure',
      file.path,
      `its network makes ${outputs} channels of ${inputs}; only colour pictures are supported`,
    )
  }
  return {
    architecture: 'ESRGAN',
    prefix,
    scale: 2 ** names.doublings / unshuffle,
    unshuffle,
    minimumSide: unshuffle > 1 ? 4 : 2,
    multiples: unshuffle > 1 ? [4] : [],
  }
}

/** The network: image [1, 3 u², height, width], 0 to 1, to upscaled [1, 3, …], with u the unshuffle factor. */
export function buildEsrgan(file: WeightFile, config: UpscalerConfig): Graph {
  const names = findNames(file, config.prefix)!
  const graph = new GraphBuilder(file)
  const layer = (x: Value, name: string) => conv(graph, x, config.prefix + name)
  const channels = 3 * config.unshuffle ** 2
  const image = graph.input('image', 'F32', [1, channels, 'height', 'width'])
  const first = layer(image, names.first)
  let x = first
  for (let group = 0; group < names.groups; group += 1) x = denseGroup({ graph, layer, names }, x, group)
  x = add(graph, first, layer(x, names.trunk))
  for (let index = 1; index <= names.doublings; index += 1)
    x = leakyRelu(graph, layer(upsampleNearest(graph, x), names.up(index)), SLOPE)
  x = leakyRelu(graph, layer(x, names.highResolution), SLOPE)
  graph.output('upscaled', layer(x, names.last), 'F32', [1, 3, 'rows', 'columns'])
  return graph.build()
}

interface Esrgan {
  readonly graph: GraphBuilder
  readonly layer: (x: Value, name: string) => Value
  readonly names: EsrganNames
}

function denseGroup(esrgan: Esrgan, input: Value, group: number): Value {
  let x = input
  for (const part of [1, 2, 3]) x = denseBlock(esrgan, x, [group, part])
  return add(esrgan.graph, scaled(esrgan.graph, x, RESIDUAL_SHARE), input)
}

/** Five convolutions, each of everything before it. */
function denseBlock(
  { graph, layer, names }: Esrgan,
  input: Value,
  [group, part]: readonly [number, number],
): Value {
  const plusName = names.plus(group, part)
  const isPlus = graph.shapeOf(`${plusName}.weight`) !== undefined
  const joined = [input]
  for (const index of [1, 2, 3, 4]) {
    let x = leakyRelu(graph, layer(join(graph, joined), names.dense(group, part, index)), SLOPE)
    if (isPlus && index === 2) x = add(graph, x, conv(graph, input, plusName))
    if (isPlus && index === 4) x = add(graph, x, joined[2]!)
    joined.push(x)
  }
  const last = layer(join(graph, joined), names.dense(group, part, 5))
  return add(graph, scaled(graph, last, RESIDUAL_SHARE), input)
}

function join(graph: GraphBuilder, values: readonly Value[]): Value {
  return values.length === 1 ? values[0]! : joinChannels(graph, values)
}

function findNames(file: WeightFile, prefix: string): EsrganNames | undefined {
  const has = (name: string) => file.tensors.has(`${prefix}${name}.weight`)
  const count = (name: (index: number) => string, from: number) => {
    let index = from
    while (has(name(index))) index += 1
    return index - from
  }
  if (has('model.0') && has('model.1.sub.0.RDB1.conv1.0')) {
    const dense = (group: number, part: number, layer: number) =>
      `model.1.sub.${group}.RDB${part}.conv${layer}.0`
    const groups = count((group) => dense(group, 1, 1), 0)
    const doublings = count((index) => `model.${3 * index}`, 1)
    return {
      first: 'model.0',
      dense,
      plus: (group, part) => `${prefix}model.1.sub.${group}.RDB${part}.conv1x1`,
      trunk: `model.1.sub.${groups}`,
      up: (index) => `model.${3 * index}`,
      highResolution: `model.${3 * doublings + 2}`,
      last: `model.${3 * doublings + 4}`,
      groups,
      doublings,
    }
  }
  const layout = NEWER_LAYOUTS.find(({ dense, trunk }) => has(dense(0, 1, 1)) && has(trunk))
  if (layout === undefined || !has(layout.first) || !has(layout.last)) return undefined
  return {
    ...layout,
    plus: (group, part) => `${prefix}${layout.dense(group, part, 0).replace('conv0', 'conv1x1')}`,
    groups: count((group) => layout.dense(group, 1, 1), 0),
    doublings: count(layout.up, 1),
  }
}

const NEWER_LAYOUTS: readonly Omit<EsrganNames, 'plus' | 'groups' | 'doublings'>[] = [
  {
    first: 'conv_first',
    dense: (group, part, layer) => `body.${group}.rdb${part}.conv${layer}`,
    trunk: 'conv_body',
    up: (index) => `conv_up${index}`,
    highResolution: 'conv_hr',
    last: 'conv_last',
  },
  {
    first: 'conv_first',
    dense: (group, part, layer) => `RRDB_trunk.${group}.RDB${part}.conv${layer}`,
    trunk: 'trunk_conv',
    up: (index) => `upconv${index}`,
    highResolution: 'HRconv',
    last: 'conv_last',
  },
]
