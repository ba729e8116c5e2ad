import { MICROSOFT, type Graph, type Op, type Value } from './graph.ts'
import { findDoubledImages, writeDoubledConv } from './doubled-conv.ts'
import { LAYERS, NEAREST } from './layer-ops.ts'
import { OpWriter } from './op-writer.ts'

/**
 * Writes a description for the CPU: f32, channels first. Forms were chosen by measurement: weights stay [out, in] and are
 * never copied, group normalisation runs as instance normalisation of the groups (ONNX Runtime has no CPU kernel for it),
 * and convolutions of doubled images are made on the images themselves.
 */
export function emitCpu(graph: Graph): Graph {
  const writer = new OpWriter('e')
  const written = new Map<string, Value>()
  const doubled = findDoubledImages(graph)
  const present = (name: string): Value => written.get(name) ?? (name as Value)
  for (const op of graph.ops) {
    const inputs = op.inputs.map(present)
    const [output, image] = [op.outputs[0]!, doubled.get(op.inputs[0]!)]
    if (doubled.has(output)) continue
    if (image !== undefined)
      written.set(output, writeDoubledConv(writer, [present(image), ...inputs.slice(1)]))
    else if (op.domain === LAYERS) written.set(output, emitLayer(writer, op, inputs))
    else writer.ops.push({ ...op, inputs })
  }
  for (const { name } of graph.outputs)
    if (written.has(name)) writer.ops.push(toIdentity(written.get(name)!, name))
  return { ...graph, ops: writer.ops, constants: [...graph.constants, ...writer.constants] }
}

/** A value under another name. */
function toIdentity(from: Value, name: string): Op {
  return { type: 'Identity', domain: '', inputs: [from], outputs: [name], attributes: {} }
}

function emitLayer(to: OpWriter, op: Op, inputs: readonly Value[]): Value {
  const [x, second, third] = inputs
  switch (op.type) {
    case 'Linear':
      return linear(to, x!, second!, third)
    case 'GatedLinear':
      return gatedLinear(to, x!, second!, third)
    case 'GroupNorm':
      return writeGroupNorm(to, op, [x!, second!, third!])
    case 'Silu':
      return to.write('Mul', [x!, to.write('Sigmoid', [x!])])
    case 'AddToChannels':
      return to.write('Add', [x!, to.write('Unsqueeze', [second!, to.integers([2, 3])])])
    case 'ScaleRows':
      return to.write('Mul', [x!, to.write('Unsqueeze', [second!, to.integers([2, 3])])])
    case 'JoinChannels':
      return to.write('Concat', inputs, { axis: 1 })
    case 'RepeatPixels': {
      const factor = op.attributes['factor'] as number
      return to.write('Resize', [x!, '', to.floats([1, 1, factor, factor])], NEAREST)
    }
    case 'RepeatTo':
      return repeatTo(to, x!, second!)
    case 'ToTokens': {
      const rows = to.write('Reshape', [x!, to.integers([0, op.attributes['channels'] as number, -1])])
      return to.write('Transpose', [rows], { perm: [0, 2, 1] })
    }
    case 'FromTokens': {
      const rows = to.write('Transpose', [x!], { perm: [0, 2, 1] })
      return to.write('Reshape', [rows, to.write('Shape', [second!])])
    }
    default:
      throw new Error(`no form of the layer ${op.type} is known for the CPU`)
  }
}

function linear(to: OpWriter, x: Value, weight: Value, bias: Value | undefined): Value {
  const product = to.write('FusedMatMul', [x, weight], { transB: 1 }, MICROSOFT)
  return bias === undefined ? product : to.write('Add', [product, bias])
}

/** Two products with the weight's halves, split at load, instead of one whose result is split at each call. */
function gatedLinear(to: OpWriter, x: Value, weight: Value, bias: Value | undefined): Value {
  const halves = (value: Value): Value[] =>
    to.writeAll('Split', [value], { attributes: { axis: 0, num_outputs: 2 }, outputs: 2 })
  const [valueWeight, gateWeight] = halves(weight)
  const [valueBias, gateBias] = bias === undefined ? [] : halves(bias)
  const gate = linear(to, x, gateWeight!, undefined)
  const opened =
    gateBias === undefined ? to.write('Gelu', [gate]) : to.write('BiasGelu', [gate, gateBias], {}, MICROSOFT)
  return to.write('Mul', [linear(to, x, valueWeight!, valueBias), opened])
}

/** Group normalisation as instance normalisation of the groups, over [batch, channels, height, width]. */
export function writeGroupNorm(
  to: OpWriter,
  op: Op,
  [x, scale, shift]: readonly [Value, Value, Value],
): Value {
  const groups = op.attributes['groups'] as number
  const ones = to.floats(new Array<number>(groups).fill(1))
  const zeros = to.floats(new Array<number>(groups).fill(0))
  const grouped = to.write('Reshape', [x, to.integers([0, groups, -1])])
  const normal = to.write('InstanceNormalization', [grouped, ones, zeros], {
    epsilon: op.attributes['epsilon']!,
  })
  const back = to.write('Reshape', [normal, to.write('Shape', [x])])
  const perChannel = to.integers([1, -1, 1, 1])
  const scaled = to.write('Mul', [back, to.write('Reshape', [scale, perChannel])])
  return to.write('Add', [scaled, to.write('Reshape', [shift, perChannel])])
}

function repeatTo(to: OpWriter, x: Value, like: Value): Value {
  const shape = to.write('Shape', [x], { start: 0, end: 2 })
  const size = to.write('Shape', [like], { start: 2, end: 4 })
  return to.write('Resize', [x, '', '', to.write('Concat', [shape, size], { axis: 0 })], NEAREST)
}
