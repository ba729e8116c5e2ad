import type { Graph, Op } from './graph.ts'

/** Ops over images: [batch, channels, height, width] out. */
const TO_IMAGES = [
  'Conv',
  'GroupNorm',
  'AddToChannels',
  'ScaleRows',
  'JoinChannels',
  'RepeatPixels',
  'RepeatTo',
  'FromTokens',
]
/** Ops over tokens: [batch, tokens, width] out. */
const TO_TOKENS = ['ToTokens', 'MultiHeadAttention']
/** Ops whose result has as many dimensions as their first input. */
const LIKE_FIRST = [
  ...['Linear', 'GatedLinear', 'Silu', 'LayerNormalization', 'Gelu', 'QuickGelu', 'Relu', 'LeakyRelu'],
  ...['Sigmoid', 'Cos', 'Sin', 'Concat', 'Transpose', 'Softmax', 'Identity'],
]
/** Ops whose result has as many dimensions as the longest of their inputs. */
const LIKE_LONGEST = ['Add', 'Sub', 'Mul', 'Div']

/** How many dimensions the f32 values of a description have; values of other ops and types are left out. */
export function inferRanks({ inputs, constants, weights, ops }: Graph): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>()
  for (const { name, dtype, shape = [] } of [...inputs, ...constants, ...weights])
    if (dtype === 'F32') ranks.set(name, shape.length)
  const lengths = new Map(constants.map(({ name, values }) => [name, values.length]))
  for (const op of ops) {
    const rank = inferRank(op, ranks, lengths)
    if (rank !== undefined) for (const name of op.outputs) ranks.set(name, rank)
  }
  return ranks
}

function inferRank(
  { type, inputs }: Op,
  ranks: ReadonlyMap<string, number>,
  lengths: ReadonlyMap<string, number>,
): number | undefined {
  const [first = NaN, ...others] = inputs.map((name) => ranks.get(name) ?? NaN)
  const rank = ((): number => {
    if (TO_IMAGES.includes(type)) return 4
    if (TO_TOKENS.includes(type)) return 3
    if (LIKE_FIRST.includes(type)) return first
    if (LIKE_LONGEST.includes(type)) return Math.max(first, ...others)
    if (type === 'Unsqueeze') return first + (lengths.get(inputs[1]!) ?? NaN)
    return NaN
  })()
  return Number.isNaN(rank) ? undefined : rank
}
