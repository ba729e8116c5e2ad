import type { WeightFile } from '../checkpoint/weight-file.ts'
import type { ChangedWeights, GraphBuilder, Value, WeightChange } from '../onnx/graph-builder.ts'

/** Eight-bit floats that weights can be rounded to (ComfyUI's `weight_dtype`), and ONNX's numbers of them. */
const ONNX_TYPES = { f8_e4m3fn: 17, f8_e5m2: 19 } as const
const ONNX_F32 = 1

/** An eight-bit float type. */
export type F8Type = keyof typeof ONNX_TYPES

/** A weight file whose tensors below a prefix are rounded to an eight-bit float. */
export function withRounding(file: WeightFile, prefix: string, type: F8Type): ChangedWeights {
  const rounded = [roundToF8(type)]
  const names = [...file.tensors.keys()].filter((name) => name.startsWith(prefix))
  return { ...file, changes: new Map(names.map((name) => [name, rounded])) }
}

/** Rounds a weight to an eight-bit float, halves to even, what is too large to the largest; it is computed with as f32. */
export function roundToF8(type: F8Type): WeightChange {
  return (graph: GraphBuilder, weight: Value) =>
    graph.op('Cast', [graph.op('Cast', [weight], { to: ONNX_TYPES[type] })], { to: ONNX_F32 })
}
