import type { GraphBuilder, Value } from '../onnx/graph-builder.ts'
import { countElements } from '../tensor/tensor.ts'

/** Arithmetic on weights as graph ops. All operands are constants, so ONNX Runtime computes them once, at load. */

/** A value under another shape of as many elements. */
export function reshape(graph: GraphBuilder, x: Value, shape: readonly number[]): Value {
  return graph.op('Reshape', [x, graph.integers(shape)])
}

/** Matrix product over the last two axes. */
export function multiplyMatrices(graph: GraphBuilder, a: Value, b: Value): Value {
  return graph.op('MatMul', [a, b])
}

/** Product element by element, shapes broadcast. */
export function multiply(graph: GraphBuilder, a: Value, b: Value): Value {
  return graph.op('Mul', [a, b])
}

/** Difference element by element, shapes broadcast. */
export function subtract(graph: GraphBuilder, a: Value, b: Value): Value {
  return graph.op('Sub', [a, b])
}

/** Sum element by element, shapes broadcast. */
export function sum(graph: GraphBuilder, a: Value, b: Value): Value {
  return graph.op('Add', [a, b])
}

/** A value times a number; 1 leaves it as it is. */
export function times(graph: GraphBuilder, x: Value, factor: number): Value {
  return factor === 1 ? x : graph.op('Mul', [x, graph.floats([factor])])
}

/** A value with its axes in another order. */
export function permute(graph: GraphBuilder, x: Value, axes: readonly number[]): Value {
  return graph.op('Transpose', [x], { perm: axes })
}

/** Euclidean norms over axes, which stay as axes of length 1. */
export function norm(graph: GraphBuilder, x: Value, axes: readonly number[]): Value {
  return graph.op('ReduceL2', [x, graph.integers(axes)], { keepdims: 1 })
}

/** The first `count` entries of an axis. */
export function takeFirst(graph: GraphBuilder, x: Value, axis: number, count: number): Value {
  return graph.op('Slice', [x, graph.integers([0]), graph.integers([count]), graph.integers([axis])])
}

/** A shape with every axis but the first joined into one. */
export function flatShape(shape: readonly number[]): [rows: number, columns: number] {
  return [shape[0] ?? 1, countElements(shape.slice(1))]
}

/**
 * A core [m, n, ...kernel] between two factors: sum over m and n of core[m, n, ...] left[o, m] right[n, i], as
 * [o, i, kernel size].
 */
export function expandCore(
  graph: GraphBuilder,
  { value, shape }: { readonly value: Value; readonly shape: readonly number[] },
  { left, right }: { readonly left: Value; readonly right: Value },
): Value {
  const [m = 1, n = 1, ...kernel] = shape
  const size = countElements(kernel)
  const half = multiplyMatrices(graph, left, reshape(graph, value, [m, n * size]))
  const byKernel = permute(graph, reshape(graph, half, [-1, n, size]), [0, 2, 1])
  return permute(graph, multiplyMatrices(graph, byKernel, right), [0, 2, 1])
}
