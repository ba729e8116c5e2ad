import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import { multiplyMatrices } from '../../adapters/constant-ops.ts'
import type { UnetPatch } from './unet-patch.ts'

/** Names of a token merging's inputs. */
export interface TokenMergingNames {
  /** Places [targets] of the tokens that others are merged into. */
  readonly targets: string
  /** Places [sources] of the others. */
  readonly sources: string
  /** For each token [tokens] its place among targets and sources, one after the other. */
  readonly order: string
  /** How many sources are merged, [1]. */
  readonly count: string
}

/** The names of one of several. */
export function tokenMergingNames(name: string): TokenMergingNames {
  return {
    targets: `${name}_targets`,
    sources: `${name}_sources`,
    order: `${name}_order`,
    count: `${name}_count`,
  }
}

/**
 * Token merging (Bolya & Hoffman 2023, arXiv 2303.17604) at the highest resolution: the sources that are most like a
 * target join it (their mean), and get its result. What looks is merged: queries alone (ComfyUI), or all of a
 * self-attention (the original, and A1111).
 */
export function tokenMerging(name: string, scope: 'queries' | 'all'): UnetPatch {
  return {
    key: `token merging ${scope} ${name}`,
    open({ graph }) {
      const names = tokenMergingNames(name)
      const integers = (input: string, size: string) =>
        graph.op('Cast', [graph.input(input, 'F32', [size])], { to: 7 })
      const places = {
        targets: integers(names.targets, `${name}_target_count`),
        sources: integers(names.sources, `${name}_source_count`),
        order: integers(names.order, `${name}_token_count`),
        count: graph.op('Cast', [graph.input(names.count, 'F32', [1])], { to: 7 }),
      }
      let merging: Merging | undefined
      return {
        beforeAttention(values, { layer, level, residual }) {
          // ComfyUI compares what is projected to queries, the original what goes into the block.
          const seen = scope === 'queries' ? values.query : residual
          merging = layer === 'self' && level === 0 ? match(graph, seen, places) : undefined
          if (merging === undefined) return values
          if (scope === 'queries') return { ...values, query: merge(graph, values.query, merging) }
          const merged = merge(graph, values.query, merging)
          return { query: merged, key: merged, value: merged }
        },
        afterAttention: (x) => (merging === undefined ? x : unmerge(graph, x, merging)),
      }
    },
  }
}

interface Places {
  readonly targets: Value
  readonly sources: Value
  readonly order: Value
  readonly count: Value
}

/** Which sources join which targets. */
interface Merging {
  readonly places: Places
  /** Sources, the most similar first, [batch, sources]. */
  readonly ranked: Value
  /** The target of each merged source, [batch, merged]. */
  readonly partners: Value
}

function match(graph: GraphBuilder, x: Value, places: Places): Merging {
  const length = graph.op('ReduceL2', [x, graph.integers([-1])], { keepdims: 1 })
  const direction = graph.op('Div', [x, length])
  const take = (of: Value) => graph.op('Gather', [direction, of], { axis: 1 })
  const turned = graph.op('Transpose', [take(places.targets)], { perm: [0, 2, 1] })
  const scores = multiplyMatrices(graph, take(places.sources), turned)
  const best = graph.op('ReduceMax', [scores, graph.integers([-1])], { keepdims: 0 })
  const nearest = graph.op('ArgMax', [scores], { axis: -1, keepdims: 0 })
  const [, ranked] = graph.ops('TopK', [best, graph.op('Shape', [places.sources])], {
    attributes: { axis: -1, largest: 1, sorted: 1 },
    outputs: 2,
  })
  const merged = slice(graph, ranked!, { from: graph.integers([0]), to: places.count })
  return { places, ranked: ranked!, partners: graph.op('GatherElements', [nearest, merged], { axis: 1 }) }
}

/** Entries of the second axis. */
function slice(
  graph: GraphBuilder,
  x: Value,
  { from, to }: { readonly from: Value; readonly to: Value },
): Value {
  return graph.op('Slice', [x, from, to, graph.integers([1])])
}

const END = 2 ** 31 - 1

/** Rows of [batch, rows, channels] by places [batch, n]. */
function takeRows(graph: GraphBuilder, x: Value, places: Value): Value {
  return graph.op('GatherND', [x, graph.op('Unsqueeze', [places, graph.integers([-1])])], { batch_dims: 1 })
}

/** Sources that are left alone, then targets, each the mean of itself and what joined it. */
function merge(graph: GraphBuilder, x: Value, { places, ranked, partners }: Merging): Value {
  const sources = takeRows(graph, graph.op('Gather', [x, places.sources], { axis: 1 }), ranked)
  const targets = graph.op('Gather', [x, places.targets], { axis: 1 })
  const joining = slice(graph, sources, { from: graph.integers([0]), to: places.count })
  const alone = slice(graph, sources, { from: places.count, to: graph.integers([END]) })
  // [batch, targets, merged], 1 where a source joins a target.
  const numbers = graph.op('Range', [
    graph.integers([0], []),
    graph.op('Squeeze', [graph.op('Shape', [places.targets])]),
    graph.integers([1], []),
  ])
  const isJoined = graph.op('Equal', [
    graph.op('Unsqueeze', [partners, graph.integers([1])]),
    graph.op('Unsqueeze', [numbers, graph.integers([1])]),
  ])
  const joins = graph.op('Cast', [isJoined], { to: 1 })
  const sums = graph.op('Add', [targets, multiplyMatrices(graph, joins, joining)])
  const counts = graph.op('ReduceSum', [joins, graph.integers([-1])], { keepdims: 1 })
  const means = graph.op('Div', [sums, graph.op('Add', [counts, graph.floats([1])])])
  return graph.op('Concat', [alone, means], { axis: 1 })
}

/** Every token's own result, or its target's, in the order the tokens had. */
function unmerge(graph: GraphBuilder, x: Value, { places, ranked, partners }: Merging): Value {
  const total = graph.op('Shape', [places.sources])
  const left = graph.op('Sub', [total, places.count])
  const alone = slice(graph, x, { from: graph.integers([0]), to: left })
  const targets = slice(graph, x, { from: left, to: graph.integers([END]) })
  const byRank = graph.op('Concat', [takeRows(graph, targets, partners), alone], { axis: 1 })
  const [, ranks] = graph.ops('TopK', [graph.op('Cast', [ranked], { to: 1 }), total], {
    attributes: { axis: -1, largest: 0, sorted: 1 },
    outputs: 2,
  })
  const both = graph.op('Concat', [targets, takeRows(graph, byRank, ranks!)], { axis: 1 })
  return graph.op('Gather', [both, places.order], { axis: 1 })
}
