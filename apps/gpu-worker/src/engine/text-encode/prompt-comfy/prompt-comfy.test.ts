import { describe, expect, it } from 'vitest'
import { maxDifference, openFixture, readCases } from '../../test-kit.ts'
import { parsePythonFloat } from '../clean-text/python-text.ts'
import { createClipTokenizer, endOfText } from '../clip-tokenizer.ts'
import { loadClipVocabulary } from '../clip-vocabulary.ts'
import { createTensor } from '../../tensor/tensor.ts'
import { PromptError } from '../prompt-error.ts'
import { createEmptyChunk } from '../token-chunk.ts'
import { applyWeights, hasWeights } from './apply-weights.ts'
import { findEmbeddingFile } from './find-embedding.ts'
import { parseWeights } from './parse-weights.ts'
import { tokenizePrompt } from './tokenize-prompt.ts'

// Outputs of ComfyUI 0.3.64.
const fixtures = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)

type FixtureToken = number | readonly ['emb', string, number]
interface TokenRow {
  readonly model: string
  readonly encoder: 'l' | 'g' | 'h'
  readonly text: string
  readonly embedding_directory?: null
  readonly error?: string
  /** Without the padding at the end, as word_ids. */
  readonly tokens: readonly FixtureToken[][]
  /** Only where not 1. */
  readonly weights?: readonly (readonly [number, number][])[]
  readonly word_ids?: readonly number[][]
}

const tokenizer = createClipTokenizer(loadClipVocabulary(), 'basic')
const vectorCounts = new Map([
  ['present.safetensors', 2],
  ['one.safetensors', 1],
  ['sub/deep.safetensors', 3],
])
const findFile = (name: string) => findEmbeddingFile([...vectorCounts.keys()], name)
const countVectors = (name: string) => vectorCounts.get(findFile(name) ?? '')
const tokenRows = readCases<TokenRow>(fixtures('tokens.jsonl'))

function fill<Value>(values: readonly Value[], filler: Value): Value[] {
  return Array.from({ length: 77 }, (_, index) => values[index] ?? filler)
}

describe('parseWeights', () => {
  it('splits and weighs every prompt as the original', () => {
    const rows = readCases<{ text: string; out: [string, number][] }>(fixtures('weights.jsonl'))
    expect(rows.length).toBeGreaterThan(90)
    for (const { text, out } of rows) {
      expect(
        parseWeights(text).map((part) => [part.text, part.weight]),
        JSON.stringify(text),
      ).toEqual(out)
    }
  })

  it('lets a written weight replace the inherited one', () => {
    expect(parseWeights('((a:0.5) b:3)')).toEqual([
      { text: 'a', weight: 0.5 },
      { text: ' b', weight: 3 },
    ])
  })

  it('refuses parentheses nested without end', () => {
    expect(() => parseWeights(`${'('.repeat(1000)}a${')'.repeat(1000)}`)).toThrow(PromptError)
  })
})

describe('tokenizePrompt', () => {
  const good = tokenRows.filter(({ error }) => error === undefined)

  it('gives the tokens, weights and word ids of the original', () => {
    expect(good.length).toBeGreaterThan(200)
    for (const row of good) {
      const paddingId = row.encoder === 'l' ? endOfText : 0
      const lookup = row.embedding_directory === null ? {} : { countVectors }
      const chunks = tokenizePrompt(row.text, { tokenizer, paddingId, ...lookup })
      const label = `${row.model} ${row.encoder} ${row.text.slice(0, 60)}`
      const tokens = chunks.map((chunk) =>
        chunk.tokens.map((token, index): FixtureToken => {
          const vector = chunk.vectors.find(({ position }) => position === index)
          if (vector === undefined) return token
          return ['emb', findFile(vector.embedding)?.replace('.safetensors', '') ?? '', vector.row]
        }),
      )
      expect(tokens, label).toEqual(row.tokens.map((chunk) => fill(chunk, paddingId)))
      if (row.weights === undefined) continue
      const weights = chunks.map((chunk) =>
        chunk.weights.flatMap((weight, at) => (weight === 1 ? [] : [[at, weight]])),
      )
      expect(weights, label).toEqual(row.weights)
      expect(
        chunks.map(({ wordIds }) => wordIds),
        label,
      ).toEqual(row.word_ids?.map((chunk) => fill(chunk, 0)))
    }
  })

  it('fails on an embedding without a name, as the original', () => {
    expect(tokenRows.filter(({ error }) => error === 'IndexError').map(({ text }) => text)).toEqual([
      'embedding:',
    ])
    expect(() => tokenizePrompt('embedding:', { tokenizer, paddingId: endOfText, countVectors })).toThrow(
      PromptError,
    )
  })

  it('cuts an embedding of eight vectors or more at the end of a chunk', () => {
    const prompt = `${'river '.repeat(70)} embedding:long`
    const chunks = tokenizePrompt(prompt, { tokenizer, paddingId: endOfText, countVectors: () => 9 })
    expect(chunks.map(({ vectors }) => vectors.map(({ row }) => row))).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6, 7, 8],
    ])
    expect(chunks[1]?.vectors[0]?.position).toBe(1)
  })
})

describe('findEmbeddingFile', () => {
  const names = ['a.pt', 'b.safetensors', 'sub/a.safetensors', 'sub/deep/c.bin']

  it.each([
    ['a', 'sub/a.safetensors'],
    ['a.pt', 'a.pt'],
    ['sub/a', 'sub/a.safetensors'],
    ['c', 'sub/deep/c.bin'],
    ['deep/c.bin', 'sub/deep/c.bin'],
    ['../b', undefined],
    ['/b', undefined],
    ['d', undefined],
  ])('finds %j at %j', (wanted, found) => {
    expect(findEmbeddingFile(names, wanted)).toBe(found)
  })
})

describe('applyWeights', () => {
  const tensors = openFixture(fixtures('encoded.safetensors'))
  const { fround } = Math
  /** The stand-in encoder of the fixtures, in float32: sin(0.001·token·(channel+1) + 0.1·position). */
  const encode = (tokens: readonly number[]) =>
    tokens.flatMap((token, position) =>
      [1, 2, 3, 4].map((channel) => {
        const scaled = fround(fround(fround(0.001) * token) * channel)
        return Math.sin(fround(scaled + fround(fround(0.1) * position)))
      }),
    )
  const river = Array.from({ length: 80 }, () => 'river').join(' ')
  const prompts = ['a cat', 'a (cat:1.5) [x]', '(a:0.5) b', river, `(${river}:1.2)`, '(cat:-1)']

  it.each(prompts.map((prompt, index) => [prompt.slice(0, 20), prompt, index] as const))(
    'moves tokens from the empty prompt as the original: %j',
    (_, prompt, index) => {
      const chunks = tokenizePrompt(prompt, { tokenizer, paddingId: endOfText })
      const hidden = createTensor(
        [chunks.length, 77, 4],
        Float32Array.from(chunks.flatMap(({ tokens }) => encode(tokens))),
      )
      const empty = Float32Array.from(encode(createEmptyChunk(endOfText).tokens))
      const weighted = applyWeights(hidden, empty, chunks)
      const wanted = tensors.tensor(`encode.${index}`)
      expect(maxDifference({ shape: wanted.shape, data: weighted.data }, wanted)).toBeLessThan(1e-5)
    },
  )

  it('knows whether the empty prompt is needed', () => {
    const chunksOf = (prompt: string) => tokenizePrompt(prompt, { tokenizer, paddingId: endOfText })
    expect(hasWeights(chunksOf('a cat'))).toBe(false)
    expect(hasWeights(chunksOf('a (cat)'))).toBe(true)
    expect(hasWeights(chunksOf('a (cat:1.0)'))).toBe(false)
  })
})

describe('parsePythonFloat', () => {
  it.each([
    ['1.5', 1.5],
    [' +.5\n', 0.5],
    ['1_000', 1000],
    ['-2e3', -2000],
    ['5.', 5],
    ['-inf', -Infinity],
    ['Infinity', Infinity],
    ['nan', NaN],
    ['', undefined],
    ['.', undefined],
    ['1__0', undefined],
    ['1.2.3', undefined],
    ['0x10', undefined],
    ['1_.5', undefined],
  ])('reads %j as %j', (text, number) => {
    expect(parsePythonFloat(text)).toBe(number)
  })
})
