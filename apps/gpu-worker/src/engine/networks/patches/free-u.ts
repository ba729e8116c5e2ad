import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import { multiply, sum } from '../../adapters/constant-ops.ts'
import type { UnetPatch } from './unet-patch.ts'

/** What a row of FreeU's input holds, in this order. */
export type FreeUSettings = readonly [b1: number, b2: number, s1: number, s2: number]

/**
 * FreeU (Si et al. 2023, arXiv 2309.11497): where four times the model's channels come from below (then twice as many),
 * half of them are made stronger by b1 (b2), and the lowest frequencies of what comes from the other half weaker by s1
 * (s2). The second version scales by the mean over the channels, brought to 0…1. Input `name` [batch, 4].
 */
export function freeU(name: string, version: 1 | 2): UnetPatch {
  return {
    key: `free-u ${version} ${name}`,
    open({ graph, config }) {
      const settings = graph.input(name, 'F32', ['batch', 4])
      const stages = [config.modelChannels * 4, config.modelChannels * 2]
      return {
        join({ x, skip }, { channels }) {
          const stage = stages.indexOf(channels)
          if (stage < 0) return { x, skip }
          const backbone = takeColumn(graph, settings, stage)
          const share = takeColumn(graph, settings, 2 + stage)
          return {
            x: strengthen(graph, x, { channels, factor: backbone, version }),
            skip: sum(graph, skip, multiply(graph, lowestFrequencies(graph, skip), minusOne(graph, share))),
          }
        },
      }
    },
  }
}

/** A column of [batch, columns] as [batch, 1, 1, 1]. */
function takeColumn(graph: GraphBuilder, rows: Value, column: number): Value {
  const taken = graph.op('Gather', [rows, graph.integers([column])], { axis: 1 })
  return graph.op('Reshape', [taken, graph.integers([-1, 1, 1, 1])])
}

function minusOne(graph: GraphBuilder, x: Value): Value {
  return graph.op('Sub', [x, graph.floats([1])])
}

function strengthen(
  graph: GraphBuilder,
  x: Value,
  {
    channels,
    factor,
    version,
  }: { readonly channels: number; readonly factor: Value; readonly version: 1 | 2 },
): Value {
  const half = Math.floor(channels / 2)
  const [first, rest] = [
    [0, half],
    [half, channels],
  ].map(([from, to]) =>
    graph.op('Slice', [x, graph.integers([from!]), graph.integers([to!]), graph.integers([1])]),
  ) as [Value, Value]
  const gain =
    version === 1
      ? factor
      : sum(graph, multiply(graph, minusOne(graph, factor), meanMap(graph, x)), graph.floats([1]))
  return graph.op('Concat', [multiply(graph, first, gain), rest], { axis: 1 })
}

/** The mean over the channels, its smallest value 0 and its largest 1, [batch, 1, height, width]. */
function meanMap(graph: GraphBuilder, x: Value): Value {
  const mean = graph.op('ReduceMean', [x, graph.integers([1])], { keepdims: 1 })
  const [low, high] = ['ReduceMin', 'ReduceMax'].map((type) =>
    graph.op(type, [mean, graph.integers([2, 3])], { keepdims: 1 }),
  ) as [Value, Value]
  return graph.op('Div', [graph.op('Sub', [mean, low]), graph.op('Sub', [high, low])])
}

/**
 * The part of an image in the frequencies 0 and -1 along both axes, the box of four that FreeU weighs, real part alone:
 * `((1 + C) x (1 + C)' - S x S') / (h w)` with C and S the cosines and sines of the angles between rows (columns).
 */
function lowestFrequencies(graph: GraphBuilder, x: Value): Value {
  const [rows, columns] = [2, 3].map((axis) => waves(graph, x, axis)) as [Waves, Waves]
  const project = (left: Value, right: Value) =>
    graph.op('MatMul', [graph.op('MatMul', [left, x]), graph.op('Transpose', [right], { perm: [1, 0] })])
  return graph.op('Sub', [project(rows.cosines, columns.cosines), project(rows.sines, columns.sines)])
}

interface Waves {
  readonly cosines: Value
  readonly sines: Value
}

/**
 * 1 + cosines, and sines, of the angles between the positions of an axis, divided by their number, [length, length]: sums
 * over a large image would be too large for half precision.
 */
function waves(graph: GraphBuilder, x: Value, axis: number): Waves {
  const length = graph.op('Shape', [x], { start: axis, end: axis + 1 })
  const scalar = graph.op('Squeeze', [length])
  const count = graph.op('Cast', [scalar], { to: 1 })
  const positions = graph.op('Range', [graph.integers([0], []), scalar, graph.integers([1], [])])
  const turn = graph.op('Div', [graph.floats([2 * Math.PI]), count])
  const angles = graph.op('Mul', [graph.op('Cast', [positions], { to: 1 }), turn])
  const [column, row] = [1, 0].map((at) => graph.op('Unsqueeze', [angles, graph.integers([at])])) as [
    Value,
    Value,
  ]
  const between = graph.op('Sub', [column, row])
  // A single position has no frequency but 0.
  const several = graph.op('Cast', [graph.op('Greater', [count, graph.floats([1])])], { to: 1 })
  const cosines = graph.op('Mul', [graph.op('Cos', [between]), several])
  const divide = (values: Value) => graph.op('Div', [values, count])
  return {
    cosines: divide(graph.op('Add', [cosines, graph.floats([1])])),
    sines: divide(graph.op('Sin', [between])),
  }
}
