import { describe, expect, it } from 'vitest'
import { readCases } from '../../test-kit.ts'
import { createClipTokenizer, endOfText } from '../clip-tokenizer.ts'
import { loadClipVocabulary } from '../clip-vocabulary.ts'
import { createEmbeddingIndex } from './embedding-index.ts'
import type { EmphasisMode } from './parse-emphasis.ts'
import { weighTokens } from './weigh-tokens.ts'

interface TokenRow {
  readonly text: string
  readonly emphasis: EmphasisMode
  /** Tokens without the padding at the end; weights only where not 1; fixes: where an embedding begins, start not counted. */
  readonly tokens: readonly number[]
  readonly weights: readonly [number, number][]
  readonly fixes: readonly [number, string][]
}

const tokenizer = createClipTokenizer(loadClipVocabulary(), 'ftfy')
const embeddings = createEmbeddingIndex(
  [
    { name: 'my-emb', vectorCount: 3 },
    { name: 'big-emb', vectorCount: 70 },
  ],
  tokenizer,
)

// Recorded from A1111 1.10.1's sd_hijack_clip_old.
const rows = readCases<TokenRow>(new URL('__fixtures__/token-weights.jsonl', import.meta.url))

describe('weighTokens', () => {
  it.each(rows)('reads "$text" as A1111 did first, emphasis $emphasis', ({ text, emphasis, ...row }) => {
    const { tokens, weights, vectors } = weighTokens(text, { tokenizer, embeddings, emphasis })
    expect([tokens.length, weights.length]).toEqual([77, 77])
    const padded = Array.from({ length: 77 }, (_, index) => row.tokens[index] ?? endOfText)
    expect(tokens).toEqual(padded)
    const wanted = new Map(row.weights)
    weights.forEach((weight, index) => expect(weight).toBeCloseTo(wanted.get(index) ?? 1, 12))
    const begins = vectors.filter((one) => one.row === 0)
    expect(begins.map(({ position, embedding }) => [position - 1, embedding])).toEqual(row.fixes)
  })
})
