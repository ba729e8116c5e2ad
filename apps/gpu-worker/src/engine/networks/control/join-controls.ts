import type { NetworkChange, NetworkInputs } from '../../denoise/guidance.ts'
import type { Graph, Op, Port, Value, Weight } from '../../onnx/graph.ts'
import { LAYERS } from '../../onnx/layer-ops.ts'
import { OpWriter } from '../../onnx/op-writer.ts'

/** A ControlNet that is computed in one graph with the UNet it guides; two of one key are written the same. */
export interface JoinedControl extends NetworkChange {
  /** Places of the UNet that it adds to, in the order of its weights. */
  readonly places: readonly string[]
  /** Bytes its weights take as f32. */
  readonly costBytes: number
  /** Its graph (control-net.ts). */
  readonly describe: () => Graph
  /** @throws EngineError `invalid-request` when it belongs to models of another family than the inputs */
  readonly check: (inputs: NetworkInputs) => void
}

/** Names of what the rows of a call are told for the joined ControlNet at a place of their list. */
export function joinedInputs(place: number): { hint: string; types: string; factors: string } {
  const name = `control_${place}`
  return { hint: `${name}_hint`, types: `${name}_types`, factors: `${name}_factors` }
}

/**
 * A UNet and the ControlNets that guide it in one graph, so that what they add to it never leaves the device. The UNet's
 * inputs of those places become sums: what it is `given` there from outside, then each ControlNet's residual times its
 * factors, in their order. Further inputs, by `joinedInputs`: each one's hint, its factors [batch, places], and the
 * types of a union network.
 */
export function joinControls(
  unet: Graph,
  controls: readonly JoinedControl[],
  given: readonly string[],
): Graph {
  const writer = new OpWriter('joined')
  const kept = new Map(unet.weights.map((weight) => [toLocation(weight), weight.name]))
  const parts = controls.map((control, place) => takePart(unet, { control, place, kept }))
  const sums = new Map(given.map((place) => [place, place as Value]))
  const told = parts.map(({ places, residuals, factors }) => {
    const own = writer.writeAll('Split', [factors.name as Value], {
      ...{ attributes: { axis: 1, num_outputs: places.length }, outputs: places.length },
    })
    places.forEach((place, index) => {
      const term = writer.write('ScaleRows', [residuals.get(place)!, own[index]!], {}, LAYERS)
      const before = sums.get(place)
      sums.set(place, before === undefined ? term : writer.write('Add', [before, term]))
    })
    return factors
  })
  const isFilled = (name: string) => !given.includes(name) && sums.has(name)
  return {
    ...unet,
    inputs: [
      ...unet.inputs.filter(({ name }) => !isFilled(name)),
      ...parts.flatMap(({ inputs }) => inputs),
      ...told,
    ],
    ops: [
      ...parts.flatMap(({ ops }) => ops),
      ...writer.ops,
      ...unet.ops.map((op) => ({ ...op, inputs: op.inputs.map((name) => sums.get(name) ?? name) })),
    ],
    constants: [...unet.constants, ...parts.flatMap(({ constants }) => constants), ...writer.constants],
    weights: [...unet.weights, ...parts.flatMap(({ weights }) => weights)],
  }
}

/** One ControlNet as it stands in the joined graph. */
interface Part extends Pick<Graph, 'ops' | 'constants' | 'weights' | 'inputs'> {
  readonly places: readonly string[]
  /** What it adds, by place, before its factors. */
  readonly residuals: ReadonlyMap<string, Value>
  readonly factors: Port
}

/** `kept`: names of the weights that the joined graph has, by where they lie; what it gets is entered. */
function takePart(
  unet: Graph,
  {
    control,
    place,
    kept,
  }: { readonly control: JoinedControl; readonly place: number; readonly kept: Map<string, string> },
): Part {
  const graph = control.describe()
  const told = joinedInputs(place)
  const latent = takeChannels(unet, graph, `control_${place}_seen`)
  // A Control-LoRA is made of the UNet's own weights, and one network may guide twice.
  const weights = graph.weights.filter((weight) => !kept.has(toLocation(weight)))
  for (const weight of weights) kept.set(toLocation(weight), `control_${place}.${weight.name}`)
  const names = new Map<string, string>([
    ...unet.inputs.map(({ name }) => [name, name] as const),
    ...([
      ['latent', latent.name],
      ['hint', told.hint],
      ['types', told.types],
      ['', ''],
    ] as const),
    ...graph.weights.map((weight) => [weight.name, kept.get(toLocation(weight))!] as const),
  ])
  const rename = (name: string): string => names.get(name) ?? `control_${place}.${name}`
  const { ops, residuals } = renameOps(graph, rename)
  const withName = <T extends { readonly name: string }>(one: T): T => ({ ...one, name: rename(one.name) })
  return {
    places: control.places,
    inputs: graph.inputs.filter(({ name }) => name === 'hint' || name === 'types').map(withName),
    factors: { name: told.factors, dtype: 'F32', shape: ['batch', control.places.length] },
    residuals,
    ops: [...latent.ops, ...ops],
    constants: [...latent.constants, ...graph.constants.map(withName)],
    weights: weights.map(withName),
  }
}

/** A ControlNet's ops under other names, and its residuals before they are named as outputs. */
function renameOps(
  { ops, outputs }: Graph,
  rename: (name: string) => string,
): Pick<Part, 'ops' | 'residuals'> {
  const results = new Set(outputs.map(({ name }) => name))
  const isResult = ({ type, outputs: [output] }: Op) => type === 'Identity' && results.has(output!)
  return {
    ops: ops
      .filter((op) => !isResult(op))
      .map((op) => ({ ...op, inputs: op.inputs.map(rename), outputs: op.outputs.map(rename) })),
    residuals: new Map(
      ops
        .filter(isResult)
        .map(({ inputs: [value], outputs: [output] }) => [output!, rename(value!) as Value]),
    ),
  }
}

/** The latent as the ControlNet takes it: networks for inpainting and editing see further channels behind it. */
function takeChannels(
  unet: Graph,
  control: Graph,
  prefix: string,
): Pick<OpWriter, 'ops' | 'constants'> & { readonly name: string } {
  const [all, own] = [unet, control].map(
    ({ inputs }) => inputs.find(({ name }) => name === 'latent')?.shape?.[1],
  )
  const writer = new OpWriter(prefix)
  if (all === own) return { ops: [], constants: [], name: 'latent' }
  const range = [0, own as number, 1].map((number) => writer.integers([number]))
  const name = writer.write('Slice', ['latent' as Value, ...range])
  return { ops: writer.ops, constants: writer.constants, name }
}

function toLocation({ path, offset, dtype, shape }: Weight): string {
  return [path, offset, dtype, ...shape].join(' ')
}
