import type { WeightFile } from '../checkpoint/weight-file.ts'
import type { ChangedWeights, GraphBuilder, Value, WeightChange } from '../onnx/graph-builder.ts'
import type { AdapterFlavour, AdapterFormat, AdapterUse } from './adapter-format.ts'
import type { AdapterModule } from './adapter-module.ts'
import type { AdapterPart, AdapterTarget } from './adapter-targets.ts'
import { planChange } from './change-weight.ts'
import { permute } from './constant-ops.ts'
import { BIAS_FORMATS, WEIGHT_FORMATS } from './formats/index.ts'
import { readModules } from './read-modules.ts'

/** An adapter file as it is applied. */
export interface AppliedAdapter {
  /** What its file is called in messages. */
  readonly name: string
  readonly file: WeightFile
  /** Factor on what it changes, by part of the model; a part with 0 is left alone. */
  readonly strengthOf: (part: AdapterPart) => number
  /** Ranks of products that are used; absent: all (A1111's `dyn`). */
  readonly rankLimit?: number | undefined
}

/** Changes that need no adapter file: mixtures with other models, and factors. */
export interface AppliedMixture {
  /** What it is called in messages. */
  readonly name: string
  /** By part of the model and name of the weight. */
  readonly changes: ReadonlyMap<AdapterPart, ReadonlyMap<string, WeightChange>>
  readonly remarks: readonly string[]
}

/** One thing that changes a model's weights. */
export type AppliedChange = AppliedAdapter | AppliedMixture

/** Whether a change is made by an adapter file. */
export function isAdapter(change: AppliedChange): change is AppliedAdapter {
  return 'file' in change
}

/** Changes of a model's weights, by part and name, in the order they are made. */
export interface Derivation {
  readonly changes: ReadonlyMap<AdapterPart, ReadonlyMap<string, readonly WeightChange[]>>
  /** What of each change did not act and why; those of which all acted are left out. */
  readonly remarks: ReadonlyMap<AppliedChange, readonly string[]>
  /** Parts with layers that a change fits, whatever its strength there. */
  readonly fits: ReadonlyMap<AppliedChange, ReadonlySet<AdapterPart>>
}

/**
 * What adapters do to a model. Each reads the weights as the one before left them. Modules for layers the model has not,
 * and those that do not fit theirs, change nothing and are named in the remarks, as in both originals.
 */
export function deriveWeights(
  targets: ReadonlyMap<string, AdapterTarget>,
  applied: readonly AppliedChange[],
  flavour: AdapterFlavour,
): Derivation {
  const changes = new Map<AdapterPart, Map<string, WeightChange[]>>()
  const add = (part: AdapterPart, name: string, change: WeightChange) => {
    const ofPart = changes.get(part) ?? new Map<string, WeightChange[]>()
    changes.set(part, ofPart)
    ofPart.set(name, [...(ofPart.get(name) ?? []), change])
  }
  const fits = new Map<AppliedChange, ReadonlySet<AdapterPart>>()
  const remarks = new Map<AppliedChange, readonly string[]>()
  for (const one of applied) {
    const plan = isAdapter(one) ? planAdapter(one, targets, flavour) : planMixture(one)
    for (const { part, name, change } of plan.changes) add(part, name, change)
    fits.set(one, plan.fits)
    if (plan.remarks.length > 0) remarks.set(one, plan.remarks)
  }
  return { changes, remarks, fits }
}

interface Plan {
  readonly changes: readonly {
    readonly part: AdapterPart
    readonly name: string
    readonly change: WeightChange
  }[]
  readonly fits: ReadonlySet<AdapterPart>
  readonly remarks: readonly string[]
}

function planMixture({ changes, remarks }: AppliedMixture): Plan {
  const planned = [...changes].flatMap(([part, weights]) =>
    [...weights].map(([name, change]) => ({ part, name, change })),
  )
  return { changes: planned, fits: new Set(planned.map(({ part }) => part)), remarks }
}

function planAdapter(
  adapter: AppliedAdapter,
  targets: ReadonlyMap<string, AdapterTarget>,
  flavour: AdapterFlavour,
): Plan {
  const fits = new Set<AdapterPart>()
  const { modules, others } = readModules(adapter.file)
  const unknown: string[] = [...others]
  const misfits: string[] = []
  const changes: Plan['changes'][number][] = []
  for (const module of modules) {
    const target = targets.get(module.base)
    const planned = target && planModule(module, target, { adapter, flavour })
    if (planned === undefined || planned.length === 0) unknown.push(...module.names)
    for (const { part, name, ...change } of planned ?? []) {
      if ('misfit' in change) misfits.push(`${module.base}: its ${change.misfit}`)
      else {
        fits.add(part)
        if (adapter.strengthOf(part) !== 0) changes.push({ part, name, change: change.change })
      }
    }
  }
  return { changes, fits, remarks: describe(adapter.name, { unknown, misfits }) }
}

/** A weight file with a part's changes, after those it has. */
export function withChanges(
  file: ChangedWeights,
  { changes }: Derivation,
  part: AdapterPart,
): ChangedWeights {
  const ofPart = changes.get(part)
  if (ofPart === undefined) return file
  const joined = [...ofPart].map(
    ([name, added]) => [name, [...(file.changes?.get(name) ?? []), ...added]] as const,
  )
  return { ...file, changes: new Map([...(file.changes ?? []), ...joined]) }
}

type PlannedChange = { readonly part: AdapterPart; readonly name: string } & ReturnType<typeof planChange>

function planModule(
  module: AdapterModule,
  target: AdapterTarget,
  { adapter, flavour }: { readonly adapter: AppliedAdapter; readonly flavour: AdapterFlavour },
): PlannedChange[] {
  const { part, weight, shape, bias } = target
  const strength = adapter.strengthOf(part)
  const use = { module, shape, strength, flavour, rankLimit: adapter.rankLimit }
  const plan = (format: AdapterFormat | undefined, name: string, of: AdapterUse): PlannedChange[] =>
    format === undefined ? [] : [{ part, name, ...planChange(format, of) }]
  const byWeight = plan(
    WEIGHT_FORMATS.find((format) => format.accepts(module)),
    weight,
    use,
  )
  const biasFormat = bias && BIAS_FORMATS.find((format) => format.accepts(module))
  return [
    ...byWeight.map((planned) => (target.isTransposed === true ? transposed(planned) : planned)),
    ...(bias === undefined ? [] : plan(biasFormat, bias.name, { ...use, shape: bias.shape })),
  ]
}

function transposed(planned: PlannedChange): PlannedChange {
  if ('misfit' in planned) return planned
  const flip = (graph: GraphBuilder, x: Value) => permute(graph, x, [1, 0])
  return { ...planned, change: (graph, x) => flip(graph, planned.change(graph, flip(graph, x))) }
}

/** Names told in one remark. */
const MAX_NAMES = 8

function describe(
  adapter: string,
  { unknown, misfits }: { readonly unknown: readonly string[]; readonly misfits: readonly string[] },
): string[] {
  const list = (names: readonly string[]) =>
    names.slice(0, MAX_NAMES).join(', ') + (names.length > MAX_NAMES ? ', …' : '')
  return [
    ...(unknown.length > 0
      ? [`${adapter}: ${unknown.length} tensors are for no layer of this model: ${list(unknown)}`]
      : []),
    ...(misfits.length > 0
      ? [`${adapter}: ${misfits.length} modules do not fit their layers: ${list(misfits)}`]
      : []),
  ]
}
