import { add, attention, scaled } from '../layers.ts'
import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts'
import type { AttentionPlace, AttentionValues, BlockPlace, UnetHooks, UnetPatch } from './unet-patch.ts'

/** How a picture is referred to: which parts of the network see it, by the weight of each kind. */
export interface ReferenceKind {
  /** Self-attentions look at its tokens too; the higher the weight, the more of them. 0: none. */
  readonly attention: number
  /** Blocks take on its means and deviations. 0: none. */
  readonly statistics: number
}

/** Weights above these change nothing more. */
const MOST = { attention: 1, statistics: 2 }

/** Inputs of a reference: its noisy latent, of the sampled one's shape, and how much each row stays as it is, [batch, 1]. */
export function referenceInputs(index: number): { readonly latent: string; readonly fidelity: string } {
  return { latent: `reference_${index}_latent`, fidelity: `reference_${index}_fidelity` }
}

/** A kind whose weights are no higher than they act. */
export function capReference({ attention, statistics }: ReferenceKind): ReferenceKind {
  return {
    attention: Math.min(attention, MOST.attention),
    statistics: Math.min(statistics, MOST.statistics),
  }
}

/**
 * Pictures that are referred to by their numbers (sd-webui-controlnet's reference_only, reference_adain): each is denoised
 * beside the sampled one, and what attentions and blocks see of it is shown to the sampled one's.
 */
export function reference(kinds: ReadonlyMap<number, ReferenceKind>): UnetPatch {
  const names = [...kinds].map(([index, { attention, statistics }]) => `${index} ${attention} ${statistics}`)
  return {
    key: `reference ${names.join(', ')}`,
    open({ graph, config, runAhead }) {
      const seen = [...kinds].map(([index, kind]): Seen => {
        const inputs = referenceInputs(index)
        const latent = graph.input(inputs.latent, 'F32', ['batch', config.inChannels, 'height', 'width'])
        const fidelity = graph.input(inputs.fidelity, 'F32', ['batch', 1])
        const watched: Watched = { tokens: [], blocks: new Map() }
        runAhead(latent, watch(watched))
        return { ...watched, kind, fidelity }
      })
      return showTo(graph, seen, listBlockWeights(config.labelWidth > 0))
    },
  }
}

/** What a run over a reference leaves: the tokens of each self-attention, in the order of the network, and blocks. */
interface Watched {
  readonly tokens: { readonly value: Value; readonly channels: number }[]
  readonly blocks: Map<string, Value>
}

interface Seen extends Watched {
  readonly kind: ReferenceKind
  readonly fidelity: Value
}

function watch({ tokens, blocks }: Watched): UnetHooks {
  return {
    beforeAttention(values, { layer, channels }) {
      if (layer === 'self') tokens.push({ value: values.key, channels })
      return values
    },
    block(x, at) {
      blocks.set(toName(at), x)
      return x
    },
  }
}

function toName({ half, block }: BlockPlace): string {
  return `${half} ${block}`
}

/** From which weight on a self-attention looks at a reference: those of the widest first. */
function weighAttentions(tokens: Watched['tokens']): readonly number[] {
  const byWidth = tokens.map((_, place) => place).sort((a, b) => tokens[b]!.channels - tokens[a]!.channels)
  const weights = new Array<number>(tokens.length)
  for (const [rank, place] of byWidth.entries()) weights[place] = rank / tokens.length
  return weights
}

/** From which weight on a block takes statistics on: the middle first, then outwards. */
function listBlockWeights(isXl: boolean): ReadonlyMap<string, number> {
  const inputs = isXl ? [4, 5, 7, 8] : [4, 5, 7, 8, 10, 11]
  const outputs = isXl ? [0, 1, 2, 3, 4, 5] : [0, 1, 2, 3, 4, 5, 6, 7]
  return new Map([
    [toName({ half: 'middle', block: 0 }), 0],
    ...inputs.map(
      (block, rank) => [toName({ half: 'input', block }), 2 * (1 - rank / inputs.length)] as const,
    ),
    ...outputs.map(
      (block, rank) => [toName({ half: 'output', block }), (2 * rank) / outputs.length] as const,
    ),
  ])
}

function showTo(
  graph: GraphBuilder,
  seen: readonly Seen[],
  blockWeights: ReadonlyMap<string, number>,
): UnetHooks {
  const attentionWeights = weighAttentions(seen[0]?.tokens ?? [])
  let place = -1
  let acting: readonly Seen[] = []
  return {
    beforeAttention(values, { layer }) {
      acting = []
      if (layer !== 'self') return values
      place += 1
      acting = seen.filter(({ kind }) => kind.attention > attentionWeights[place]!)
      if (acting.length === 0) return values
      const shown = acting.map(({ tokens }) => tokens[place]!.value)
      const joined = graph.op('Concat', [values.key, ...shown], { axis: 1 })
      return { ...values, key: joined, value: joined }
    },
    attend: (values, at, joint) =>
      acting.length === 0 ? joint : keepSelf(graph, { values, at, joint }, acting),
    block(x, at) {
      const from = blockWeights.get(toName(at)) ?? Infinity
      const own = seen.filter(({ kind }) => kind.statistics > from)
      return own.length === 0 ? x : takeOn(graph, x, own, toName(at))
    },
  }
}

/** An attention that stays the image's own by the fidelity of each row. */
function keepSelf(
  graph: GraphBuilder,
  {
    values,
    at,
    joint,
  }: { readonly values: AttentionValues; readonly at: AttentionPlace; readonly joint: Value },
  acting: readonly Seen[],
): Value {
  const count = graph.op('Shape', [values.query], { start: 1, end: 2 })
  const first = (x: Value) => graph.op('Slice', [x, graph.integers([0]), count, graph.integers([1])])
  const own = { query: values.query, key: first(values.key), value: first(values.value) }
  return mixRows(graph, [joint, attention(graph, own, at.heads)], { acting, rank: 3 })
}

/** `changed` and `own`, by the mean fidelity of each row. */
function mixRows(
  graph: GraphBuilder,
  [changed, own]: readonly [changed: Value, own: Value],
  { acting, rank }: { readonly acting: readonly Seen[]; readonly rank: number },
): Value {
  const share = graph.op('Reshape', [
    meanOf(
      graph,
      acting.map(({ fidelity }) => fidelity),
    ),
    graph.integers([-1, ...new Array<number>(rank - 1).fill(1)]),
  ])
  const rest = graph.op('Sub', [graph.floats([1]), share])
  return add(graph, graph.op('Mul', [own, share]), graph.op('Mul', [changed, rest]))
}

function meanOf(graph: GraphBuilder, values: readonly Value[]): Value {
  const sum = values.slice(1).reduce((total, value) => add(graph, total, value), values[0]!)
  return values.length === 1 ? sum : scaled(graph, sum, 1 / values.length)
}

/** Smallest variance there is. */
const LEAST_VARIANCE = 1e-6

/** An image [batch, channels, h, w] with the mean and deviation of the references' channels (AdaIN, arXiv 1703.06868). */
function takeOn(graph: GraphBuilder, image: Value, acting: readonly Seen[], block: string): Value {
  // Variances lie beyond half precision.
  const x = graph.op('Cast', [image], { to: 1 })
  const own = measure(graph, x)
  const shown = acting.map(({ blocks }) => measure(graph, graph.op('Cast', [blocks.get(block)!], { to: 1 })))
  const mean = meanOf(
    graph,
    shown.map((one) => one.mean),
  )
  const variance = meanOf(
    graph,
    shown.map((one) => one.variance),
  )
  const deviation = (of: Value) => graph.op('Sqrt', [graph.op('Max', [of, graph.floats([LEAST_VARIANCE])])])
  const normal = graph.op('Div', [graph.op('Sub', [x, own.mean]), deviation(own.variance)])
  const changed = add(graph, graph.op('Mul', [normal, deviation(variance)]), mean)
  return mixRows(graph, [changed, x], { acting, rank: 4 })
}

function measure(graph: GraphBuilder, x: Value): { readonly mean: Value; readonly variance: Value } {
  const average = (of: Value) => graph.op('ReduceMean', [of, graph.integers([2, 3])], { keepdims: 1 })
  const mean = average(x)
  const distance = graph.op('Sub', [x, mean])
  return { mean, variance: average(graph.op('Mul', [distance, distance])) }
}
