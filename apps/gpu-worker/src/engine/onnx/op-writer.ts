import type { Constant, Op, Value } from './graph.ts'

/** What an op with several outputs is written with. */
export interface OpsOptions {
  readonly attributes?: Op['attributes']
  readonly domain?: string
  readonly outputs: number
}

/** Collects ops and constants under names of its own; equal constants are kept once. */
export class OpWriter {
  readonly ops: Op[] = []
  readonly #constants = new Map<string, Constant>()
  readonly #prefix: string
  #count = 0

  /** `prefix` starts every name it gives, so that several writers can share a graph. */
  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** The constants written so far. */
  get constants(): readonly Constant[] {
    return [...this.#constants.values()]
  }

  /** Adds an op with one output. An empty input name leaves an optional input out. */
  write(
    type: string,
    inputs: readonly (Value | '')[],
    attributes: Op['attributes'] = {},
    domain = '',
  ): Value {
    return this.writeAll(type, inputs, { attributes, domain, outputs: 1 })[0]!
  }

  /** Adds an op with several outputs. */
  writeAll(
    type: string,
    inputs: readonly (Value | '')[],
    { attributes = {}, domain = '', outputs }: OpsOptions,
  ): Value[] {
    const names = Array.from({ length: outputs }, () => this.#newName())
    this.ops.push({ type, domain, inputs: [...inputs], outputs: names, attributes })
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

  /** An f32 constant of many values, of which each call makes a new one. */
  array(values: Float32Array, shape: readonly number[]): Value {
    const name = this.#newName()
    this.#constants.set(name, { name, dtype: 'F32', shape, values })
    return name
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
    return `${this.#prefix}${this.#count}` as Value
  }
}
