import type { TensorEntry } from '../checkpoint/weight-file.ts'

/** A value of the graph: the name of an op's output, an input or a weight. */
export type Value = string & { readonly graphValue: unique symbol }

/** Attribute values by their ONNX kind; a float must be marked, because 1 is an int. */
export type Attribute = number | string | readonly number[] | { readonly float: number }

/** An operation as the model file will hold it. */
export interface Op {
  readonly type: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** A constant inside the model file. */
export interface Constant {
  readonly name: string
  readonly dtype: 'F32' | 'I64'
  readonly shape: readonly number[]
  readonly values: ArrayLike<number>
}

/** A tensor of the weight file, referenced where it lies. */
export interface Weight extends TensorEntry {
  readonly name: string
  readonly path: string
}

/** A graph input or output; names stand for sizes known at run time. Without a shape it is what the ops make of it. */
export interface Port {
  readonly name: string
  readonly dtype: 'F32' | 'I64'
  readonly shape?: readonly (number | string)[]
}

/** A finished graph, ready to be written. */
export interface Graph {
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  readonly ops: readonly Op[]
  readonly constants: readonly Constant[]
  readonly weights: readonly Weight[]
  /** Types of ops that read host memory whenever they run: what is captured of them could not be replayed (emit-cuda.ts). */
  readonly hostReaders?: readonly string[]
  /** Inner values by the names of their modules, of a description alone; `exposeMarks` makes outputs of them. */
  readonly marks?: ReadonlyMap<string, Value>
}

/** The contrib domain of ONNX Runtime. */
export const MICROSOFT = 'com.microsoft'
