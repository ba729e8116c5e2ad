import type { TensorEntry, WeightFile } from '../checkpoint/weight-file.ts'
import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import type { Graph, Op, Port, Value, Weight } from './graph.ts'
import { OpWriter, type OpsOptions } from './op-writer.ts'

export { MICROSOFT } from './graph.ts'
export type { Attribute, Constant, Graph, Op, Port, Value, Weight } from './graph.ts'

/** What becomes of a weight on its way into a graph, as ops on constants, which are computed once, at load. */
export type WeightChange = (graph: GraphBuilder, weight: Value) => Value

/** A weight file some of whose weights are changed (adapters, mixtures of models), by name and in order. */
export interface ChangedWeights extends WeightFile {
  readonly changes?: ReadonlyMap<string, readonly WeightChange[]>
}

/** Collects ops, constants and weights of one graph; owned by the network that writes it. */
export class GraphBuilder {
  readonly #file: ChangedWeights
  readonly #inputs: Port[] = []
  readonly #outputs: Port[] = []
  readonly #writer = new OpWriter('v')
  readonly #weights = new Map<string, Weight>()
  readonly #casts = new Map<string, Value>()
  readonly #values = new Map<string, Value>()
  readonly #marks = new Map<string, Value>()

  constructor(file: ChangedWeights) {
    this.#file = file
  }

  /** Declares a graph input. */
  input(name: string, dtype: Port['dtype'], shape: Required<Port>['shape']): Value {
    this.#inputs.push({ name, dtype, shape })
    return name as Value
  }

  /** Declares a graph output that equals a value. */
  output(name: string, value: Value, dtype: Port['dtype'], shape: Required<Port>['shape']): void {
    this.#writer.ops.push({ type: 'Identity', domain: '', inputs: [value], outputs: [name], attributes: {} })
    this.#outputs.push({ name, dtype, shape })
  }

  /** Gives a value the name of the module that makes it, for those who look inside a network; costs the graph nothing. */
  mark(name: string, value: Value): Value {
    this.#marks.set(name, value)
    return value
  }

  /** Adds an op with one output. An empty input name leaves an optional input out. */
  op(type: string, inputs: readonly (Value | '')[], attributes: Op['attributes'] = {}, domain = ''): Value {
    return this.#writer.write(type, inputs, attributes, domain)
  }

  /** Adds an op with several outputs. */
  ops(type: string, inputs: readonly (Value | '')[], options: OpsOptions): Value[] {
    return this.#writer.writeAll(type, inputs, options)
  }

  /** An int64 constant, one-dimensional unless shaped. */
  integers(values: readonly number[], shape?: readonly number[]): Value {
    return this.#writer.integers(values, shape)
  }

  /** An f32 constant. */
  floats(values: readonly number[], shape?: readonly number[]): Value {
    return this.#writer.floats(values, shape)
  }

  /** An f32 constant of many values, of which each call makes a new one. */
  array(values: Float32Array, shape: readonly number[]): Value {
    return this.#writer.array(values, shape)
  }

  /** The shape of a tensor of the weight file, or undefined when it has none of that name. */
  shapeOf(name: string): readonly number[] | undefined {
    return this.#file.tensors.get(name)?.shape
  }

  /**
   * A tensor of the weight file as f32, referenced in place and changed as the file says; other float types are cast
   * (folded at load).
   * @throws CheckpointError `unknown-structure` when the file has no such tensor or it is no float
   */
  weight(name: string): Value {
    const known = this.#values.get(name)
    if (known !== undefined) return known
    const entry = this.#file.tensors.get(name)
    if (entry === undefined)
      throw new CheckpointError('unknown-structure', this.#file.path, `it has no tensor "${name}"`)
    const changes = this.#file.changes?.get(name) ?? []
    const value = changes.reduce(
      (weight, change) => change(this, weight),
      this.tensor(name, { path: this.#file.path, ...entry }),
    )
    this.#values.set(name, value)
    return value
  }

  /** A tensor of any weight file as f32, referenced in place under a name of its own. */
  tensor(name: string, entry: TensorEntry & { readonly path: string }): Value {
    const known = this.#casts.get(name)
    if (known !== undefined) return known
    this.#weights.set(name, { ...entry, name })
    const value = entry.dtype === 'F32' ? (name as Value) : this.op('Cast', [name as Value], { to: 1 })
    this.#casts.set(name, value)
    return value
  }

  /** The finished graph. */
  build(): Graph {
    return {
      inputs: this.#inputs,
      outputs: this.#outputs,
      ops: this.#writer.ops,
      constants: this.#writer.constants,
      weights: [...this.#weights.values()],
      marks: this.#marks,
    }
  }
}
