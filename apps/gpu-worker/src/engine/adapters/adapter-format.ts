import type { GraphBuilder, Value } from '../onnx/graph-builder.ts'
import type { AdapterModule } from './adapter-module.ts'

/** Whose arithmetic is followed where ComfyUI's and A1111's differ. */
export type AdapterFlavour = 'comfy' | 'webui'

/** How a module is to act on a weight. */
export interface AdapterUse {
  readonly module: AdapterModule
  /** The weight's shape, or the part of it that the module was made for. */
  readonly shape: readonly number[]
  readonly strength: number
  readonly flavour: AdapterFlavour
  /** Ranks of a product that are used (A1111's `dyn`); absent: all. */
  readonly rankLimit?: number | undefined
}

/** What a module adds to a weight, before its strength: a value in the weight's shape, or the factors of a product. */
export type Delta = {
  /** Factor the file asks for (alpha / rank). */
  readonly scale: number
} & ({ readonly value: Value } | { readonly left: Value; readonly right: Value })

/** One kind of adapter. */
export interface AdapterFormat {
  readonly name: string
  /** Whether the module is of this kind. */
  accepts(module: AdapterModule): boolean
  /** Why it does not fit the weight, in words that follow "its"; undefined: it does. */
  findMisfit(use: AdapterUse): string | undefined
  /** What it adds to the weight. */
  delta(graph: GraphBuilder, weight: Value, use: AdapterUse): Delta
  /** The delta stands in the weight's place. */
  readonly replaces?: boolean
}

/** alpha / rank, 1 where the file tells no alpha (both originals). */
export function toScale(module: AdapterModule, rank: number): number {
  const alpha = module.number('alpha')
  return alpha === undefined || rank === 0 ? 1 : alpha / rank
}

/** Says that a product has another number of elements than the weight. */
export function compareElements(
  what: string,
  shape: readonly number[],
  weightShape: readonly number[],
): string | undefined {
  const count = (sizes: readonly number[]) => sizes.reduce((product, size) => product * size, 1)
  if (count(shape) === count(weightShape)) return undefined
  return `${what} is [${shape.join(', ')}], the weight [${weightShape.join(', ')}]`
}

/** Says that two factors do not meet in a common size. */
export function compareRanks(left: number, right: number): string | undefined {
  return left === right ? undefined : `factors have ranks ${left} and ${right}`
}
