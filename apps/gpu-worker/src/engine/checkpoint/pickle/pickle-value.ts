import type { Dtype } from '../dtype.ts'

/** What a pickle can say here: plain data, names, and tensors. Nothing of it runs. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleItems
  | PickleDict
  | PickleGlobal
  | PickleObject

interface Items<K extends string> {
  readonly kind: K
  readonly items: PickleValue[]
}

/** A list, tuple or set. */
export type PickleItems = Items<'list'> | Items<'tuple'> | Items<'set'>

/** A dictionary, ordered or not. */
export interface PickleDict {
  readonly kind: 'dict'
  readonly entries: Map<PickleValue, PickleValue>
}

/** The name of a Python class or function. */
export interface PickleGlobal {
  readonly kind: 'global'
  readonly module: string
  readonly name: string
}

/** What a name in the pickle stood for when it was called. */
export type PickleObject = PickleStorage | PickleTensor | PickleInert

/** A block of elements outside the pickle. */
export interface PickleStorage {
  readonly kind: 'storage'
  /** Undefined for untyped bytes: the tensors in it say what they are. */
  readonly dtype: Dtype | undefined
  /** Name of the block in its archive. */
  readonly key: string
  /** Elements of the whole block; bytes when it is untyped. */
  readonly count: number
  /** Element of the block at which this view of it begins. */
  readonly start: number
}

/** A view of a storage; offset and strides in elements. */
export interface PickleTensor {
  readonly kind: 'tensor'
  readonly dtype: Dtype
  readonly storage: PickleStorage
  readonly offset: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
}

/** An object of a class that is known to be harmless and holds nothing we use, but perhaps tensors in its state. */
export interface PickleInert {
  readonly kind: 'inert'
  state: PickleValue
}

/** Gives names and calls in a pickle their meaning. */
export interface PickleHost {
  /** @throws CheckpointError `refused` for a name that weights have no need of */
  checkGlobal(global: PickleGlobal): void
  /** What calling the name gives: data, never an action. */
  call(callee: PickleValue, args: readonly PickleValue[]): PickleValue
  /** What a reference to something outside the pickle stands for. */
  load(id: PickleValue): PickleValue
}

type Named = PickleItems | PickleDict | PickleGlobal | PickleObject

/** Whether a value is of one of the kinds that have a name. */
export function isKind<K extends Named['kind']>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<Named, { kind: K }> {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && value.kind === kind
}
