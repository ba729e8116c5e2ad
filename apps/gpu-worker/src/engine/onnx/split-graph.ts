import type { Graph, Op, Port } from './graph.ts'
import { inferRanks } from './infer-ranks.ts'

/**
 * Weights of one part at most, bytes as f32. ONNX Runtime holds up to 1.8 times a part's weights while it loads it and
 * about once afterwards, so the most a large network takes is near 1 + 0.8 / parts of its size.
 */
const PART_BYTES = 1.7 * 2 ** 30
/** How far from equal shares a cut may lie to cross fewer values, as a share of a part. */
const LEEWAY = 0.15

/** A graph's ops told apart: those of each run, and those on weights and constants alone, by what they make. */
interface SortedOps {
  readonly running: readonly Op[]
  readonly fixed: ReadonlyMap<string, Op>
}

/** Values that were made before a place between two running ops and are used after it. */
type Crossing = readonly Port[]

/**
 * A graph as several that are run one after another, each part's further outputs being later parts' inputs; a graph of
 * fewer weights than `partBytes` stays whole. What is made of weights and constants alone goes where it is used; cuts are
 * made where few of the other values cross, all of them f32. For descriptions, before a device's ops are chosen.
 */
export function splitGraph(graph: Graph, partBytes = PART_BYTES): Graph[] {
  const sorted = sortOps(graph)
  const loads = countLoads(graph, sorted)
  const total = loads.at(-1) ?? 0
  const parts = Math.ceil(total / partBytes)
  if (parts < 2) return [graph]
  const crossings = findCrossings(graph, sorted)
  const cuts = [0]
  for (let part = 1; part < parts; part += 1) {
    const [target, leeway] = [(total * part) / parts, (LEEWAY * total) / parts]
    const cut = chooseCut(crossings, loads, { target, leeway })
    if (cut !== undefined && cut > cuts.at(-1)!) cuts.push(cut)
  }
  return cuts.map((start, index) => {
    const end = cuts[index + 1] ?? sorted.running.length
    const ops = sorted.running.slice(start, end)
    return takePart(graph, [...collectFixed(ops, sorted.fixed), ...ops], [crossings[start], crossings[end]])
  })
}

function sortOps({ ops, constants, weights, outputs }: Graph): SortedOps {
  const given = new Set([...constants, ...weights].map(({ name }) => name))
  const asked = new Set(outputs.map(({ name }) => name))
  const fixed = new Map<string, Op>()
  const running = ops.filter((op) => {
    const present = op.inputs.filter((name) => name !== '')
    const isFixed = present.length > 0 && present.every((name) => given.has(name) || fixed.has(name))
    if (!isFixed || op.outputs.some((name) => asked.has(name))) return true
    for (const name of op.outputs) fixed.set(name, op)
    return false
  })
  return { running, fixed }
}

/** The ops at load that other ops need, in order. */
function collectFixed(ops: Iterable<Op>, fixed: ReadonlyMap<string, Op>): Set<Op> {
  const collected = new Set<Op>()
  for (const { inputs } of ops) {
    for (const name of inputs) {
      const op = fixed.get(name)
      if (op === undefined || collected.has(op)) continue
      for (const earlier of collectFixed([op], fixed)) collected.add(earlier)
      collected.add(op)
    }
  }
  return collected
}

/** Bytes, as f32, of the weights that the running ops up to each one use. */
function countLoads(graph: Graph, { running, fixed }: SortedOps): number[] {
  const sizes = new Map(
    graph.weights.map(({ name, shape }) => [name, 4 * shape.reduce((product, size) => product * size, 1)]),
  )
  let bytes = 0
  return running.map((op) => {
    for (const name of [op, ...collectFixed([op], fixed)].flatMap(({ inputs }) => inputs)) {
      bytes += sizes.get(name) ?? 0
      sizes.delete(name)
    }
    return bytes
  })
}

/** Before each running op and after the last: what crosses there, or undefined when some of it is of unknown form. */
function findCrossings(graph: Graph, { running, fixed }: SortedOps): (Crossing | undefined)[] {
  const ranks = inferRanks(graph)
  const given = new Set([...graph.inputs, ...graph.constants, ...graph.weights].map(({ name }) => name))
  const needed = new Set<string>()
  const crossings: (Crossing | undefined)[] = new Array(running.length + 1)
  for (let place = running.length; place >= 0; place -= 1) {
    const ports = [...needed].flatMap((name) => toPort(name, ranks) ?? [])
    crossings[place] = ports.length === needed.size ? ports : undefined
    const op = running[place - 1]
    for (const name of op?.outputs ?? []) needed.delete(name)
    for (const name of op?.inputs ?? [])
      if (name !== '' && !given.has(name) && !fixed.has(name)) needed.add(name)
  }
  return crossings
}

/** The op to cut before: near the wanted share of the weights, where the fewest values cross. */
function chooseCut(
  crossings: readonly (Crossing | undefined)[],
  loads: readonly number[],
  { target, leeway }: { readonly target: number; readonly leeway: number },
): number | undefined {
  const places = loads.flatMap((_, index) => {
    const [cut, distance] = [index + 1, Math.abs(loads[index]! - target)]
    const count = crossings[cut]?.length
    return count === undefined || distance > leeway || cut === loads.length ? [] : [{ cut, count, distance }]
  })
  return places.sort((a, b) => a.count - b.count || a.distance - b.distance)[0]?.cut
}

function takePart(
  graph: Graph,
  ops: readonly Op[],
  [before = [], after = []]: readonly (Crossing | undefined)[],
): Graph {
  const used = new Set(ops.flatMap(({ inputs }) => inputs))
  const made = new Set(ops.flatMap(({ outputs }) => outputs))
  const isAsked = (name: string) => graph.outputs.some((port) => port.name === name)
  return {
    inputs: [
      ...graph.inputs.filter(({ name }) => used.has(name)),
      ...before.filter(({ name }) => used.has(name)),
    ],
    outputs: [
      ...graph.outputs.filter(({ name }) => made.has(name)),
      ...after.filter(({ name }) => made.has(name) && !isAsked(name)),
    ],
    ops,
    constants: graph.constants.filter(({ name }) => used.has(name)),
    weights: graph.weights.filter(({ name }) => used.has(name)),
  }
}

/** A value whose sizes are known when it is there; undefined when even their number is not. */
function toPort(name: string, ranks: ReadonlyMap<string, number>): Port | undefined {
  const rank = ranks.get(name)
  if (rank === undefined) return undefined
  return { name, dtype: 'F32', shape: Array.from({ length: rank }, (_, axis) => `${name}_${axis}`) }
}
