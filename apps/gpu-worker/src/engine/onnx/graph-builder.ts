import type { Dtype } from '../checkpoint/dtype.ts'
import type { WeightFile } from '../checkpoint/safetensors.ts'
import { CheckpointError } from '../checkpoint/checkpoint-error.ts'

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
  readonly values: readonly number[]
}

/** A tensor of the weight file, referenced where it lies. */
export interface Weight {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  readonly path: string
  readonly offset: number
  readonly byteLength: number
}

/** A graph input or output; names stand for sizes known at run time. */
export interface Port {
  readonly name: string
  readonly dtype: 'F32' | 'I64'
  readonly shape: readonly (number | string)[]
}

/** A finished graph, ready to be written. */
export interface Graph {
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
  readonly ops: readonly Op[]
  readonly constants: readonly Constant[]
  readonly weights: readonly Weight[]
}

/** The contrib domain of ONNX Runtime. */
export const MICROSOFT = 'com.microsoft'

/** Collects ops, constants and weights of one graph; owned by the network that writes it. */
export class GraphBuilder {
  readonly #file: WeightFile
  readonly #inputs: Port[] = []
  readonly #outputs: Port[] = []
  readonly #ops: Op[] = []
  readonly #constants = new Map<string, Constant>()
  readonly #weights = new Map<string, Weight>()
  readonly #casts = new Map<string, Value>()
  #count = 0

  constructor(file: WeightFile) {
    this.#file = file
  }

  /** Declares a graph input. */
  input(name: string, dtype: Port['dtype'], shape: Port['shape']): Value {
    this.#inputs.push({ name, dtype, shape })
    return name as Value
  }

  /** Declares a graph output that equals a value. */
  output(name: string, value: Value, dtype: Port['dtype'], shape: Port['shape']): void {
    this.#ops.push({ type: 'Identity', domain: '', inputs: [value], outputs: [name], attributes: {} })
    this.#outputs.push({ name, dtype, shape })
  }

  /** Adds an op with one output. An empty input name leaves an optional input out. */
  op(type: string, inputs: readonly (Value | '')[], attributes: Op['attributes'] = {}, domain = ''): Value {
    return this.ops(type, inputs, { attributes, domain, outputs: 1 })[0]!
  }

  /** Adds an op with several outputs. */
  ops(
    type: string,
    inputs: readonly (Value | '')[],
    {
      attributes = {},
      domain = '',
      outputs,
    }: { attributes?: Op['attributes']; domain?: string; outputs: number },
  ): Value[] {
    const names = Array.from({ length: outputs }, () => this.#newName())
    this.#ops.push({ type, domain, inputs, outputs: names, attributes })
    return names
  }

  /** An int64 constant, one-dimensional unless shaped. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#constant('I64', values, shape)
  }

  /** An f32 constant. */
  floats(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#constant('F32', values, shape)
  }

  /** The shape of a tensor of the weight file, or undefined when it has none of that name. */
  shapeOf(name: string): readonly number[] | undefined {
    return this.#file.tensors.get(name)?.shape
  }

  /**
   * A tensor of the weight file as f32, referenced in place; other float types are cast (folded at load).
   * @throws CheckpointError `unknown-structure` when the file has no such tensor or it is no float
   */
  weight(name: string): Value {
    const known = this.#casts.get(name)
    if (known !== undefined) return known
    const entry = this.#file.tensors.get(name)
    if (entry === undefined)
      throw new CheckpointError('unknown-structure', this.#file.path, `it has no tensor "${name}"`)
    const { dtype, shape, offset, byteLength, path = this.#file.path } = entry
    this.#weights.set(name, { name, dtype, shape, path, offset, byteLength })
    const value = dtype === 'F32' ? (name as Value) : this.op('Cast', [name as Value], { to: 1 })
    this.#casts.set(name, value)
    return value
  }

  /** The finished graph. */
  build(): Graph {
    return {
      inputs: this.#inputs,
      outputs: this.#outputs,
      ops: this.#ops,
      constants: [...this.#constants.values()],
      weights: [...this.#weights.values()],
    }
  }

  #constant(dtype: Constant['dtype'], values: readonly number[], shape: readonly number[]): Value {
    const key = `${dtype} ${shape.join('x')} ${values.join(' ')}`
    const known = this.#constants.get(key)
    if (known !== undefined) return known.name as Value
    const name = this.#newName()
    this.#constants.set(key, { name, dtype, shape, values })
    return name
  }

  #newName(): Value {
    this.#count += 1
    return `v${this.#count}` as Value
  }
}
