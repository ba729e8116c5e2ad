import { writeGroupNorm } from '../../emit-cpu.ts'
import { MICROSOFT, type Graph, type Op, type Value } from '../../graph.ts'
import { OpWriter } from '../../op-writer.ts'
import { ONNX_TYPE, type Precision } from '../emission.ts'

/** Ops of the contrib domain whose CPU kernels take f32 alone. */
const F32_ONLY = new Set(['FusedMatMul', 'MultiHeadAttention', 'SkipLayerNormalization', 'QuickGelu'])

/**
 * A graph for CUDA in ops the CPU has: the diffusion ops are written out as their definitions say, so that the graph's
 * numbers can be compared where there is no GPU. Values between ops keep the graph's precision.
 */
export function expandForCpu(graph: Graph, precision: Precision): Graph {
  const to = new OpWriter('x')
  const written = new Map<string, Value>()
  for (const op of graph.ops) {
    const inputs = op.inputs.map((name) => written.get(name) ?? (name as Value))
    if (op.domain !== MICROSOFT) to.ops.push({ ...op, inputs })
    else
      expandOp(to, op, { inputs, precision }).forEach((value, index) =>
        written.set(op.outputs[index]!, value),
      )
  }
  return { ...graph, ops: to.ops, constants: [...graph.constants, ...to.constants] }
}

function expandOp(
  to: OpWriter,
  op: Op,
  { inputs, precision }: { inputs: readonly Value[]; precision: Precision },
): Value[] {
  const wide = inputs.map((input) =>
    input === ('' as string) ? input : to.write('Cast', [input], { to: ONNX_TYPE.f32 }),
  )
  return expandWide(to, op, wide).map((value) => to.write('Cast', [value], { to: ONNX_TYPE[precision] }))
}

function expandWide(to: OpWriter, op: Op, inputs: readonly Value[]): Value[] {
  const [x, second, third, fourth] = inputs as [Value, Value, Value, Value]
  if (F32_ONLY.has(op.type)) return to.writeAll(op.type, inputs, { ...op, outputs: op.outputs.length })
  switch (op.type) {
    case 'NhwcConv': {
      const values = [toFirst(to, x), toFirst(to, second), ...inputs.slice(2)]
      return [toLast(to, to.write('Conv', values, op.attributes))]
    }
    case 'GroupNorm':
      return [normalise(to, op, [x, second, third])]
    case 'SkipGroupNorm': {
      const skip = toFourAxes(to, fourth)
      const bias = inputs[4]
      const both = to.write('Add', [x, skip])
      const sum = bias === undefined ? both : to.write('Add', [both, bias])
      return [normalise(to, op, [sum, second, third]), sum]
    }
    case 'BiasSplitGelu': {
      const [value, gate] = to.writeAll('Split', [to.write('Add', [x, second])], {
        attributes: { axis: -1, num_outputs: 2 },
        outputs: 2,
      })
      return [to.write('Mul', [value!, to.write('Gelu', [gate!])])]
    }
    case 'BiasAdd':
      return [to.write('Add', [to.write('Add', [x, second]), third])]
    default:
      throw new Error(`no definition of ${op.type}`)
  }
}

function normalise(to: OpWriter, op: Op, [x, scale, shift]: readonly [Value, Value, Value]): Value {
  const normal = writeGroupNorm(to, op, [toFirst(to, x), scale, shift])
  const active = op.attributes['activation'] === 1
  return toLast(to, active ? to.write('Mul', [normal, to.write('Sigmoid', [normal])]) : normal)
}

/** [batch, channels] as [batch, 1, 1, channels]; images stay. */
function toFourAxes(to: OpWriter, x: Value): Value {
  const shape = to.write('Shape', [x])
  const missing = to.write('Sub', [to.integers([4]), to.write('Shape', [shape])])
  const ones = to.write('Expand', [to.integers([1]), missing])
  const parts = [to.write('Shape', [x], { start: 0, end: 1 }), ones, to.write('Shape', [x], { start: 1 })]
  return to.write('Reshape', [x, to.write('Concat', parts, { axis: 0 })])
}

function toFirst(to: OpWriter, x: Value): Value {
  return to.write('Transpose', [x], { perm: [0, 3, 1, 2] })
}

function toLast(to: OpWriter, x: Value): Value {
  return to.write('Transpose', [x], { perm: [0, 2, 3, 1] })
}
