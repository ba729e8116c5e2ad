import { describe, expect, it } from 'vitest'
import { readCases } from '../../test-kit.ts'
import { createClipTokenizer, endOfText } from '../clip-tokenizer.ts'
import { loadClipVocabulary } from '../clip-vocabulary.ts'
import { createEmptyChunk } from '../token-chunk.ts'
import { chunkPrompt, type ChunkSettings } from './chunk-prompt.ts'
import { createEmbeddingIndex } from './embedding-index.ts'

interface ChunkRow {
  readonly text: string
  readonly tokenCount: number
  /** Tokens without the padding at the end; weights only where not 1; fixes: where an embedding begins. */
  readonly chunks: readonly {
    readonly tokens: readonly number[]
    readonly weights: readonly [number, number][]
    readonly fixes?: readonly [number, string][]
  }[]
}

const tokenizer = createClipTokenizer(loadClipVocabulary(), 'ftfy')
const embeddings = [
  { name: 'my-emb', vectorCount: 3 },
  { name: 'big-emb', vectorCount: 70 },
  { name: 'huge-emb', vectorCount: 76 },
]
const settings: ChunkSettings = {
  tokenizer,
  embeddings: createEmbeddingIndex(embeddings, tokenizer),
  emphasis: 'Original',
  commaBacktrack: 20,
  paddingId: endOfText,
}

describe('chunkPrompt', () => {
  it('cuts every prompt as the original', () => {
    const rows = readCases<ChunkRow>(new URL('__fixtures__/chunks.jsonl', import.meta.url))
    expect(rows.length).toBeGreaterThan(60)
    for (const row of rows) {
      const { chunks, tokenCount } = chunkPrompt(row.text, settings)
      const label = row.text.slice(0, 80)
      expect(tokenCount, label).toBe(row.tokenCount)
      expect(chunks.length, label).toBe(row.chunks.length)
      row.chunks.forEach(({ tokens, weights, fixes = [] }, index) => {
        const chunk = chunks[index]!
        const padding = Array.from({ length: 77 - tokens.length }, () => endOfText)
        expect(chunk.tokens, label).toEqual([...tokens, ...padding])
        const changed = chunk.weights.flatMap((weight, at) =>
          weight === 1 ? [] : [[at, Number(weight.toPrecision(9))]],
        )
        expect(changed, label).toEqual(weights)
        const starts = chunk.vectors.filter(({ row: vectorRow }) => vectorRow === 0)
        expect(
          starts.map(({ position, embedding }) => [position - 1, embedding]),
          label,
        ).toEqual(fixes)
      })
    }
  })

  it('gives one chunk, all padding, for an empty prompt', () => {
    expect(chunkPrompt('', settings)).toEqual({ chunks: [createEmptyChunk(endOfText)], tokenCount: 0 })
  })

  it('names the vectors of an embedding one by one', () => {
    expect(chunkPrompt('a my-emb', settings).chunks[0]?.vectors).toEqual([
      { position: 2, embedding: 'my-emb', row: 0 },
      { position: 3, embedding: 'my-emb', row: 1 },
      { position: 4, embedding: 'my-emb', row: 2 },
    ])
  })

  it('refuses an embedding that fits no chunk', () => {
    expect(() => chunkPrompt('huge-emb', settings)).toThrow('huge-emb has 76 vectors')
  })

  it('pads with 0 after the first end token where the model does', () => {
    const [chunk] = chunkPrompt('a cat', { ...settings, paddingId: 0 }).chunks
    expect(chunk?.tokens.slice(0, 6)).toEqual([49406, 320, 2368, endOfText, 0, 0])
  })

  it('does not look back for a comma when told not to', () => {
    const prompt = `${'river '.repeat(70)}, ${'stone '.repeat(20)}`
    const lengths = (commaBacktrack: number) =>
      chunkPrompt(prompt, { ...settings, commaBacktrack }).chunks.map(({ tokens }) =>
        tokens.indexOf(endOfText),
      )
    expect(lengths(20)).toEqual([72, 21])
    expect(lengths(0)).toEqual([76, 17])
  })
})

describe('createEmbeddingIndex', () => {
  it('prefers the longest name', () => {
    const index = createEmbeddingIndex(
      [
        { name: 'red', vectorCount: 1 },
        { name: 'red fox', vectorCount: 2 },
      ],
      tokenizer,
    )
    expect(index.findAt(tokenizer.encode('a red fox'), 1)?.embedding.name).toBe('red fox')
    expect(index.findAt(tokenizer.encode('a red dog'), 1)?.embedding.name).toBe('red')
  })

  it('never finds a name without tokens', () => {
    const index = createEmbeddingIndex([{ name: ' ', vectorCount: 1 }], tokenizer)
    expect(index.findAt(tokenizer.encode('a b'), 0)).toBeUndefined()
  })
})
