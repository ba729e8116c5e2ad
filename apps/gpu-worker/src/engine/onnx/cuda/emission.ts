import type { Constant, Graph, Op, Value, Weight } from '../graph.ts'
import { OpWriter } from '../op-writer.ts'

/** Float type a network is computed in. */
export type Precision = 'f16' | 'f32'

/** ONNX's numbers of the float types. */
export const ONNX_TYPE = { f32: 1, f16: 10 } as const
/** Parts at most whose places kernels of Concat and Split are launched with; those of more are copied from host memory. */
export const MAX_PARTS = 32
/** Largest finite half-precision number. */
const F16_MAX = 65_504

/**
 * How a value lies in memory: `pixels` [batch, height, width, channels] for what a description has as [batch, channels,
 * height, width]; `image`: just that, channels first; `tokens` [batch, tokens, width]; `plain`: anything else, as the
 * description says.
 */
export type Layout = 'plain' | 'image' | 'pixels' | 'tokens'

/** A value of the description as it was written. */
export interface Emitted {
  readonly name: Value
  /** `stored`: a float type of a weight file that nothing computes in; `other`: integers and truths. */
  readonly dtype: Precision | 'stored' | 'other'
  readonly layout: Layout
  /** Known when the session is made: a weight, a constant, or what is computed of them. */
  readonly isFixed?: boolean
  /** Its shape, for weights and for what changes them. */
  readonly shape?: readonly number[]
  /** A linear layer's bias, not added yet: a later op may add it together with something else. */
  readonly bias?: Emitted
  /** Numbers of its channels (pixels) or along its last axis (all else), where the description tells. */
  readonly width?: number
}

/** One graph on its way to the device. */
export interface Emission {
  readonly to: OpWriter
  readonly precision: Precision
  readonly weights: ReadonlyMap<string, Weight>
  readonly constants: ReadonlyMap<string, Constant>
  /** Ops that take each value of the description. */
  readonly users: ReadonlyMap<string, readonly Op[]>
  readonly values: Map<string, Emitted>
  /** Casts and transposes already written, by what they are made of. */
  readonly conversions: Map<string, Emitted>
  /** Ops that were written together with an earlier one. */
  readonly done: Set<Op>
  /** Types of ops that read host memory whenever they run, or are not known not to. */
  readonly hostReaders: Set<string>
}

/** Layouts of graph inputs by their number of dimensions. */
const INPUT_LAYOUTS: Readonly<Record<number, Layout>> = { 3: 'tokens', 4: 'image' }

/** Starts an emission: inputs, weights and constants are known as they come. */
export function startEmission(graph: Graph, precision: Precision): Emission {
  const users = new Map<string, Op[]>()
  for (const op of graph.ops)
    for (const input of op.inputs) users.set(input, [...(users.get(input) ?? []), op])
  const values = new Map<string, Emitted>()
  for (const { name, dtype, shape = [] } of graph.inputs) {
    const layout = INPUT_LAYOUTS[shape.length] ?? 'plain'
    const width = widthOf(shape, layout)
    const type = dtype === 'F32' ? 'f32' : 'other'
    values.set(name, { name: name as Value, dtype: type, layout, ...(width !== undefined && { width }) })
  }
  for (const { name, dtype, shape } of graph.constants) {
    const type = dtype === 'F32' ? 'f32' : 'other'
    const width = shape.at(-1) ?? 1
    values.set(name, { name: name as Value, dtype: type, layout: 'plain', isFixed: true, shape, width })
  }
  for (const { name, dtype, shape } of graph.weights)
    values.set(name, {
      name: name as Value,
      dtype: toWeightType(dtype),
      layout: 'plain',
      isFixed: true,
      shape,
    })
  return {
    ...{ to: new OpWriter('g'), precision, users, values },
    weights: new Map(graph.weights.map((weight) => [weight.name, weight])),
    constants: new Map(graph.constants.map((constant) => [constant.name, constant])),
    conversions: new Map(),
    done: new Set(),
    hostReaders: new Set(),
  }
}

function widthOf(shape: readonly (number | string)[], layout: Layout): number | undefined {
  const width = layout === 'image' ? shape[1] : shape.at(-1)
  return typeof width === 'number' ? width : undefined
}

function toWeightType(dtype: Weight['dtype']): Emitted['dtype'] {
  if (dtype === 'F32') return 'f32'
  return dtype === 'F16' ? 'f16' : dtype.startsWith('I') ? 'other' : 'stored'
}

/** The written form of a value of the description. */
export function find(emission: Emission, name: string): Emitted {
  const value = emission.values.get(name)
  if (value === undefined) throw new Error(`the graph uses "${name}" before it is made`)
  return value
}

/** Shape of a weight, changed or not; empty for anything else. */
export function weightShape(emission: Emission, name: string): readonly number[] {
  return find(emission, name).shape ?? []
}

/** The one op that takes a value, or undefined when there are more or none. */
export function soleUser(emission: Emission, name: string): Op | undefined {
  const users = emission.users.get(name) ?? []
  return users.length === 1 ? users[0] : undefined
}

/** A value as a float type; integers stay. */
export function asFloat(emission: Emission, value: Emitted, dtype: Precision = emission.precision): Emitted {
  const whole = settle(emission, value)
  if (whole.dtype === dtype || whole.dtype === 'other') return whole
  return convert(emission, `${dtype} ${whole.name}`, () => ({
    ...whole,
    dtype,
    name: emission.to.write('Cast', [clamped(emission, whole, dtype)], { to: ONNX_TYPE[dtype] }),
  }))
}

/** Constants that half precision cannot hold become its largest: an attention mask must not turn into infinities. */
function clamped(emission: Emission, { name }: Emitted, dtype: Precision): Value {
  const constant = emission.constants.get(name)
  if (dtype === 'f32' || constant === undefined) return name
  const { values, shape } = constant
  const held = Float32Array.from(values, (value) => Math.max(-F16_MAX, Math.min(F16_MAX, value)))
  const isHeld = held.every((_, i) => Math.abs(values[i]!) <= F16_MAX)
  return isHeld ? name : emission.to.array(held, shape)
}

/** A four-dimensional value with its channels last. */
export function asPixels(emission: Emission, value: Emitted): Emitted {
  const whole = asFloat(emission, value)
  return whole.layout === 'pixels' ? whole : transposed(emission, whole, [0, 2, 3, 1], 'pixels')
}

/** A value laid out as the description says. */
export function asPlain(emission: Emission, value: Emitted): Emitted {
  const whole = settle(emission, value)
  return whole.layout === 'pixels' ? transposed(emission, whole, [0, 3, 1, 2], 'image') : whole
}

/** A value with the bias that was still to be added. */
export function settle(emission: Emission, value: Emitted): Emitted {
  const { bias, ...rest } = value
  if (bias === undefined) return value
  return convert(emission, `bias ${value.name}`, () => ({
    ...rest,
    name: emission.to.write('Add', [value.name, asFloat(emission, bias).name]),
  }))
}

/** Enters what an op makes of pixels. */
export function setPixels(emission: Emission, op: Op, name: Value, width: number | undefined): void {
  const pixels = { name, dtype: emission.precision, layout: 'pixels' } as const
  emission.values.set(op.outputs[0]!, { ...pixels, ...(width !== undefined && { width }) })
}

/** A value whose bias something else has added. */
export function withoutBias({ bias: _, ...value }: Emitted): Emitted {
  return value
}

function transposed(emission: Emission, value: Emitted, perm: readonly number[], layout: Layout): Emitted {
  return convert(emission, `${layout} ${value.name}`, () => ({
    ...value,
    layout,
    ...(value.shape && { shape: perm.map((axis) => value.shape![axis]!) }),
    name: emission.to.write('Transpose', [value.name], { perm }),
  }))
}

function convert(emission: Emission, key: string, write: () => Emitted): Emitted {
  const known = emission.conversions.get(key)
  if (known !== undefined) return known
  const written = write()
  emission.conversions.set(key, written)
  return written
}
