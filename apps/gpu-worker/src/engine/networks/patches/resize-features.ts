import type { Attribute, GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import { multiplyMatrices } from '../../adapters/constant-ops.ts'

/** How features are resized: torch's methods of these names, and ComfyUI's spherical one. */
export type FeatureResizing = 'nearest-exact' | 'bilinear' | 'bicubic' | 'area' | 'bislerp'

const ATTRIBUTES: Readonly<
  Record<Exclude<FeatureResizing, 'area' | 'bislerp'>, Readonly<Record<string, Attribute>>>
> = {
  'nearest-exact': {
    mode: 'nearest',
    coordinate_transformation_mode: 'half_pixel',
    nearest_mode: 'round_prefer_ceil',
  },
  bilinear: { mode: 'linear', coordinate_transformation_mode: 'half_pixel' },
  bicubic: {
    mode: 'cubic',
    coordinate_transformation_mode: 'half_pixel',
    cubic_coeff_a: { float: -0.75 },
  },
}

/** Features [batch, channels, height, width] brought to a size, int64 [2]: rows, columns. */
export function resizeFeatures(graph: GraphBuilder, x: Value, sides: Value, method: FeatureResizing): Value {
  if (method === 'area' || method === 'bislerp') {
    const resizeLast = method === 'area' ? averageAcross : slerpAcross
    const turn = (value: Value) => graph.op('Transpose', [value], { perm: [0, 1, 3, 2] })
    const [rows, columns] = [0, 1].map((side) => graph.op('Gather', [sides, graph.integers([side])]))
    return turn(resizeLast(graph, turn(resizeLast(graph, x, columns!)), rows!))
  }
  const rest = graph.op('Shape', [x], { start: 0, end: 2 })
  const sizes = graph.op('Concat', [rest, sides], { axis: 0 })
  return graph.op('Resize', [x, '', '', sizes], ATTRIBUTES[method])
}

const FLOAT = { to: 1 }
const INTEGER = { to: 7 }

/** 0, 1, … below an int64 [1]. */
function countTo(graph: GraphBuilder, size: Value): Value {
  return graph.op('Range', [graph.integers([0], []), graph.op('Squeeze', [size]), graph.integers([1], [])])
}

function lengthOf(graph: GraphBuilder, x: Value): Value {
  return graph.op('Shape', [x], { start: 3, end: 4 })
}

/** Means of what lies under each new column, wholly or in part (torch's adaptive pooling). */
function averageAcross(graph: GraphBuilder, x: Value, target: Value): Value {
  const size = lengthOf(graph, x)
  const one = graph.integers([1])
  const column = graph.op('Unsqueeze', [countTo(graph, target), one])
  const start = graph.op('Div', [graph.op('Mul', [column, size]), target])
  const next = graph.op('Mul', [graph.op('Add', [column, one]), size])
  const end = graph.op('Div', [graph.op('Sub', [graph.op('Add', [next, target]), one]), target])
  const source = graph.op('Unsqueeze', [countTo(graph, size), graph.integers([0])])
  const isUnder = graph.op('And', [
    graph.op('Less', [source, end]),
    graph.op('Not', [graph.op('Less', [source, start])]),
  ])
  // [new columns, columns]
  const shares = graph.op('Cast', [isUnder], FLOAT)
  const means = graph.op('Div', [shares, graph.op('ReduceSum', [shares, one], { keepdims: 1 })])
  return multiplyMatrices(graph, x, graph.op('Transpose', [means], { perm: [1, 0] }))
}

/** Nearly equal directions are treated as equal, nearly opposite ones are mixed linearly. */
const NEAR = 1e-5

/** Directions on the sphere between the channel vectors of two columns, lengths linearly. */
function slerpAcross(graph: GraphBuilder, features: Value, target: Value): Value {
  // Half precision cannot tell near directions apart.
  const x = graph.op('Cast', [features], FLOAT)
  const { first, second, share } = placeBetween(graph, { size: lengthOf(graph, x), target })
  const from = vectorsAt(graph, x, first)
  const to = vectorsAt(graph, x, second)
  const rest = graph.op('Sub', [graph.floats([1]), share])
  const mix = (a: Value, b: Value) =>
    graph.op('Add', [graph.op('Mul', [a, rest]), graph.op('Mul', [b, share])])
  const dot = sumChannels(graph, graph.op('Mul', [from.direction, to.direction]))
  const bounded = graph.op('Min', [
    graph.op('Max', [dot, graph.floats([NEAR - 1])]),
    graph.floats([1 - NEAR]),
  ])
  const angle = graph.op('Acos', [bounded])
  const sine = graph.op('Sin', [angle])
  const weigh = (direction: Value, of: Value) =>
    graph.op('Mul', [direction, graph.op('Div', [graph.op('Sin', [graph.op('Mul', [angle, of])]), sine])])
  const turned = graph.op('Add', [weigh(from.direction, rest), weigh(to.direction, share)])
  const between = graph.op('Mul', [turned, mix(from.length, to.length)])
  const isEqual = graph.op('Greater', [dot, graph.floats([1 - NEAR])])
  const isOpposite = graph.op('Less', [dot, graph.floats([NEAR - 1])])
  const straight = graph.op('Where', [isOpposite, mix(from.vector, to.vector), between])
  return graph.op('Where', [isEqual, from.vector, straight])
}

/** The columns on both sides of each new one, int64, and how far it is from the first to the second, [1, 1, 1, new]. */
function placeBetween(
  graph: GraphBuilder,
  { size, target }: { readonly size: Value; readonly target: Value },
): { first: Value; second: Value; share: Value } {
  const half = graph.floats([0.5])
  const last = graph.op('Sub', [size, graph.integers([1])])
  const step = graph.op('Div', [graph.op('Cast', [size], FLOAT), graph.op('Cast', [target], FLOAT)])
  const centre = graph.op('Add', [graph.op('Cast', [countTo(graph, target)], FLOAT), half])
  const at = graph.op('Max', [graph.op('Sub', [graph.op('Mul', [centre, step]), half]), graph.floats([0])])
  const inside = graph.op('Min', [at, graph.op('Cast', [last], FLOAT)])
  const first = graph.op('Cast', [graph.op('Floor', [inside])], INTEGER)
  const second = graph.op('Min', [graph.op('Add', [first, graph.integers([1])]), last])
  const share = graph.op('Sub', [inside, graph.op('Cast', [first], FLOAT)])
  return { first, second, share: graph.op('Reshape', [share, graph.integers([1, 1, 1, -1])]) }
}

function vectorsAt(graph: GraphBuilder, x: Value, columns: Value) {
  const vector = graph.op('Gather', [x, columns], { axis: 3 })
  const length = graph.op('ReduceL2', [vector, graph.integers([1])], { keepdims: 1 })
  const isNothing = graph.op('Equal', [length, graph.floats([0])])
  const divisor = graph.op('Where', [isNothing, graph.floats([1]), length])
  return { vector, length, direction: graph.op('Div', [vector, divisor]) }
}

function sumChannels(graph: GraphBuilder, x: Value): Value {
  return graph.op('ReduceSum', [x, graph.integers([1])], { keepdims: 1 })
}
