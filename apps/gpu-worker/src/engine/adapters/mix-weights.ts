import type { GraphBuilder, Value, WeightChange } from '../onnx/graph-builder.ts'
import type { TensorEntry, WeightFile } from '../checkpoint/weight-file.ts'
import { permute, sum, times } from './constant-ops.ts'

/** How much of each of two weights their mixture has. */
export interface Shares {
  readonly own: number
  readonly other: number
  /** How much is added of the first weight as its file has it; where the shapes differ nothing is. */
  readonly original?: number
}

/** Shares by the beginnings of weights' names, prefix left out: the longest that fits counts, "" fits every name. */
export type ShareRule = readonly (readonly [start: string, shares: Shares])[]

/** The shares of a weight, or undefined where no beginning fits. */
export function findShares(rule: ShareRule, name: string): Shares | undefined {
  const fitting = rule.filter(([start]) => name.startsWith(start))
  return fitting.sort(([a], [b]) => b.length - a.length)[0]?.[1]
}

/** A weight file with the part of it that is mixed, and the changes that its own adapters make. */
export interface MixedPart {
  readonly file: WeightFile
  readonly prefix: string
  readonly changes?: ReadonlyMap<string, readonly WeightChange[]> | undefined
}

/** What mixing does to a part of a model. */
export interface Mixing {
  /** By the weight's name in the first file. */
  readonly changes: ReadonlyMap<string, WeightChange>
  /** Weights of both, under the second's name, whose shapes differ. */
  readonly misfits: readonly string[]
}

/** Ends of names of tensors that are no weights; ComfyUI leaves them out of mixtures of text encoders. */
const NO_WEIGHTS = /(^|\.)(position_ids|logit_scale)$/

/**
 * Mixes another model's part into one: `own · weight + other · its weight`. Weights that only one of them has stay as
 * they are; where the shapes differ the own weight is scaled and nothing added to it (ComfyUI's way in all of this).
 */
export function mixWeights(own: MixedPart, other: MixedPart, rule: ShareRule): Mixing {
  const changes = new Map<string, WeightChange>()
  const misfits: string[] = []
  for (const [name, entry] of own.file.tensors) {
    if (!name.startsWith(own.prefix) || NO_WEIGHTS.test(name)) continue
    const rest = name.slice(own.prefix.length)
    const shares = findShares(rule, rest)
    const found = findCounterpart(other, rest)
    if (shares === undefined || found === undefined) continue
    const isSame = sameShape(
      entry.shape,
      found.isFlipped ? [...found.entry.shape].reverse() : found.entry.shape,
    )
    if (!isSame) misfits.push(found.name)
    changes.set(name, (graph, weight) => {
      const scaled = times(graph, weight, shares.own)
      if (!isSame || shares.other === 0) return scaled
      const mixed = sum(graph, scaled, times(graph, takeWeight(graph, other, found), shares.other))
      if (shares.original === undefined) return mixed
      const { path } = own.file
      const original = graph.tensor(`${path}:${name}`, { path, ...entry })
      return sum(graph, mixed, times(graph, original, shares.original))
    })
  }
  return { changes, misfits }
}

interface Counterpart {
  readonly name: string
  readonly entry: TensorEntry
  readonly isFlipped: boolean
}

/** OpenCLIP's projection is the transpose of the transformers library's. */
const PROJECTIONS: Readonly<Record<string, string>> = {
  text_projection: 'text_projection.weight',
  'text_projection.weight': 'text_projection',
}

function findCounterpart({ file, prefix }: MixedPart, rest: string): Counterpart | undefined {
  const [name, flipped] = [prefix + rest, prefix + (PROJECTIONS[rest] ?? '')]
  const entry = file.tensors.get(name)
  if (entry !== undefined) return { name, entry, isFlipped: false }
  const turned = rest in PROJECTIONS ? file.tensors.get(flipped) : undefined
  return turned && { name: flipped, entry: turned, isFlipped: true }
}

/** The other model's weight, as its own adapters leave it. */
function takeWeight(
  graph: GraphBuilder,
  { file, changes }: MixedPart,
  { name, entry, isFlipped }: Counterpart,
): Value {
  const plain = graph.tensor(`${file.path}:${name}`, { path: file.path, ...entry })
  const changed = (changes?.get(name) ?? []).reduce((value, change) => change(graph, value), plain)
  return isFlipped ? permute(graph, changed, [1, 0]) : changed
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis])
}

/** Factors on weights by the ends of their names; those that end otherwise stay as they are. */
export type ScaleRule = readonly (readonly [ending: string, factor: number])[]

/** Scales weights of a part of a model by its name's end. */
export function scaleWeights(
  { file, prefix }: Pick<MixedPart, 'file' | 'prefix'>,
  rule: ScaleRule,
): ReadonlyMap<string, WeightChange> {
  const scaled = [...file.tensors.keys()].flatMap((name): [string, WeightChange][] => {
    const factor = rule.find(([ending]) => name.endsWith(ending))?.[1]
    if (!name.startsWith(prefix) || factor === undefined) return []
    return [[name, (graph, weight) => times(graph, weight, factor)]]
  })
  return new Map(scaled)
}
