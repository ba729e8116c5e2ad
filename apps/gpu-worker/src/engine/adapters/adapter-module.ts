import { readTensor } from '../checkpoint/read-tensor.ts'
import type { TensorEntry, WeightFile } from '../checkpoint/weight-file.ts'
import type { GraphBuilder, Value } from '../onnx/graph-builder.ts'
import { countElements, type Tensor } from '../tensor/tensor.ts'
import { flatShape, reshape } from './constant-ops.ts'

/** What an adapter file holds for one layer: its tensors by part ("lora_up.weight"), whatever the file calls them. */
export class AdapterModule {
  /** Name of the layer as the file spells it. */
  readonly base: string
  readonly #file: WeightFile
  readonly #names: ReadonlyMap<string, string>

  /** `names`: tensor names by part. */
  constructor(file: WeightFile, base: string, names: ReadonlyMap<string, string>) {
    this.base = base
    this.#file = file
    this.#names = names
  }

  /** Names of its tensors in the file. */
  get names(): readonly string[] {
    return [...this.#names.values()]
  }

  /** Whether it has all of these parts. */
  has(...parts: readonly string[]): boolean {
    return parts.every((part) => this.#names.has(part))
  }

  /** A part's shape; empty when it has none. */
  shapeOf(part: string): readonly number[] {
    return this.#entry(part)?.entry.shape ?? []
  }

  /** A part's shape with every axis but the first joined. */
  flatShapeOf(part: string): [rows: number, columns: number] {
    return flatShape(this.shapeOf(part))
  }

  /** Elements of a part. */
  countOf(part: string): number {
    return countElements(this.shapeOf(part))
  }

  /** A part as a value of a graph, in its own shape or another. */
  value(graph: GraphBuilder, part: string, shape?: readonly number[]): Value {
    const { name, entry } = this.#need(part)
    const value = graph.tensor(`${this.#file.path}:${name}`, { path: this.#file.path, ...entry })
    return shape === undefined ? value : reshape(graph, value, shape)
  }

  /** A part as a matrix. */
  matrix(graph: GraphBuilder, part: string): Value {
    return this.value(graph, part, this.flatShapeOf(part))
  }

  /** A part's values, read now. */
  read(part: string): Tensor {
    return readTensor(this.#file, this.#need(part).name)
  }

  /** A part that is one number, or undefined when it is not there. */
  number(part: string): number | undefined {
    return this.has(part) ? this.read(part).data[0] : undefined
  }

  #entry(part: string): { readonly name: string; readonly entry: TensorEntry } | undefined {
    const name = this.#names.get(part)
    const entry = name === undefined ? undefined : this.#file.tensors.get(name)
    return name === undefined || entry === undefined ? undefined : { name, entry }
  }

  #need(part: string): { readonly name: string; readonly entry: TensorEntry } {
    const found = this.#entry(part)
    if (found === undefined) throw new RangeError(`${this.#file.path}: ${this.base} has no ${part}`)
    return found
  }
}
