import {
  parseBatchExtraNetworks,
  parseExtraNetworks,
} from '../../apps/gateway/src/sdapi/generation/extra-networks.ts'
import { applyStyles, extractStyles, selectStyleTexts } from '../../apps/gateway/src/sdapi/styles.ts'
import {
  createClipTokenizer,
  endOfText,
  padSequence,
} from '../../apps/gpu-worker/src/engine/text-encode/clip-tokenizer.ts'
import { loadClipVocabulary } from '../../apps/gpu-worker/src/engine/text-encode/clip-vocabulary.ts'
import { findActiveEntry } from '../../apps/gpu-worker/src/engine/text-encode/conditioning.ts'
import { findEmbeddingFile } from '../../apps/gpu-worker/src/engine/text-encode/prompt-comfy/find-embedding.ts'
import { parseWeights } from '../../apps/gpu-worker/src/engine/text-encode/prompt-comfy/parse-weights.ts'
import { tokenizePrompt } from '../../apps/gpu-worker/src/engine/text-encode/prompt-comfy/tokenize-prompt.ts'
import { applyEmphasis } from '../../apps/gpu-worker/src/engine/text-encode/prompt-webui/apply-emphasis.ts'
import { chunkPrompt } from '../../apps/gpu-worker/src/engine/text-encode/prompt-webui/chunk-prompt.ts'
import { splitComposition } from '../../apps/gpu-worker/src/engine/text-encode/prompt-webui/composition.ts'
import { createEmbeddingIndex } from '../../apps/gpu-worker/src/engine/text-encode/prompt-webui/embedding-index.ts'
import {
  parseEmphasis,
  type EmphasisMode,
} from '../../apps/gpu-worker/src/engine/text-encode/prompt-webui/parse-emphasis.ts'
import { schedulePrompt } from '../../apps/gpu-worker/src/engine/text-encode/prompt-webui/schedule.ts'
import {
  createEmptyChunk,
  type TokenChunk,
} from '../../apps/gpu-worker/src/engine/text-encode/token-chunk.ts'
import { compareCase, compareValues, type Comparison } from './report.ts'
import { openTensors, readLines } from './sampling-fixtures.ts'

/** A row of a recording; its members depend on its kind. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- recordings are read field by field, each kind its own
type Row = Record<string, any>

/** 0 where two values are equal as JSON, else Infinity. */
export function compareExactly(actual: unknown, expected: unknown): number {
  return JSON.stringify(actual) === JSON.stringify(expected) ? 0 : Infinity
}

const vocabulary = loadClipVocabulary()
const tokenizers = {
  ids: createClipTokenizer(vocabulary, 'ftfy'),
  basic: createClipTokenizer(vocabulary, 'basic'),
  fast: createClipTokenizer(vocabulary, 'fast'),
  openclip: createClipTokenizer(vocabulary, 'open-clip'),
} as const
const tokenizerNames = {
  ids: 'tokens with ftfy (A1111)',
  basic: 'tokens without ftfy (ComfyUI)',
  fast: 'tokens of the tokenizers library',
  openclip: 'tokens of open_clip',
} as const

async function compareTokens(folder: string): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  for (const row of readLines<Row>(`${folder}sampling/tokenizer.jsonl`)) {
    if (row['kind'] === 'encode') {
      for (const name of Object.keys(tokenizers) as (keyof typeof tokenizers)[]) {
        const compute = () => compareExactly(tokenizers[name].encode(row['text']), row[name] ?? row['ids'])
        comparisons.push(
          await compareCase(tokenizerNames[name], JSON.stringify(row['text']).slice(0, 60), compute),
        )
      }
    } else if (row['kind'] === 'padded') {
      const tokenizer = row['tokenizer'] === 'open_clip' ? tokenizers.openclip : tokenizers.ids
      const padding = ['sd1', 'sdxl_1'].includes(row['tokenizer']) ? endOfText : 0
      const compute = () => compareExactly(padSequence(tokenizer.encode(row['text']), padding), row['ids'])
      comparisons.push(
        await compareCase('padded tokens', `${row['tokenizer']} ${row['text'].slice(0, 40)}`, compute),
      )
    }
  }
  return comparisons
}

const webuiEmbeddings = createEmbeddingIndex(
  [
    { name: 'my-emb', vectorCount: 3 },
    { name: 'big-emb', vectorCount: 70 },
  ],
  tokenizers.ids,
)

function compareChunks(row: Row): number {
  const { chunks, tokenCount } = chunkPrompt(row['text'], {
    tokenizer: tokenizers.ids,
    embeddings: webuiEmbeddings,
    emphasis: 'Original',
    commaBacktrack: 20,
    paddingId: endOfText,
  })
  const shown = chunks.map(({ tokens, weights, vectors }) => {
    const fixes = vectors
      .filter((vector) => vector.row === 0)
      .map(({ position, embedding }) => [position - 1, embedding])
    const multipliers = weights.map((weight) => Number(weight.toPrecision(9)))
    return { tokens, multipliers, ...(fixes.length > 0 ? { fixes } : {}) }
  })
  return compareExactly([tokenCount, shown], [row['token_count'], row['chunks']])
}

function compareEmphasis(row: Row): number {
  try {
    const pieces = parseEmphasis(row['text'], row['emphasis']).map(({ text, weight }) => [text, weight])
    return compareExactly(pieces, row['parsed'])
  } catch (error) {
    return compareExactly(`ValueError: ${(error as Error).message}`, row['error'])
  }
}

function compareSchedule(row: Row): number {
  const { steps, hires_steps: hiresSteps, use_old_scheduling: useOldScheduling } = row
  const entries = schedulePrompt(row['text'], {
    steps,
    hiresSteps: hiresSteps ?? undefined,
    useOldScheduling,
  })
  return compareExactly(
    entries.map(({ endAtStep, text }) => [endAtStep, text]),
    row['schedule'],
  )
}

function compareComposition(row: Row): number {
  const flat: string[] = []
  const indexes = (row['prompts'] as string[]).map((prompt) =>
    splitComposition(prompt).map(({ text, weight }) => {
      if (!flat.includes(text)) flat.push(text)
      return [flat.indexOf(text), weight]
    }),
  )
  return compareExactly([indexes, flat], [row['indexes'], row['flat']])
}

function compareNetworks(row: Row): number {
  const { prompt, tags } = parseExtraNetworks(row['text'])
  const networks: Record<string, unknown[]> = {}
  for (const { kind, items, positional, named } of tags) {
    ;(networks[kind] ??= []).push({ items, positional, named: Object.fromEntries(named) })
  }
  return compareExactly([prompt, networks], [row['prompt'], row['networks']])
}

type RowComparer = (row: Row) => number

function createWebuiComparers(
  folder: string,
  rows: readonly Row[],
): Record<string, readonly [string, RowComparer]> {
  const tensor = openTensors(`${folder}sampling/prompt_webui.safetensors`)
  const table = rows.find(({ kind }) => kind === 'styles_table') ?? { styles: {} }
  const styles = Object.entries(table['styles'] as Record<string, [string, string]>).map(
    ([name, [prompt, negativePrompt]]) => ({ name, prompt, negativePrompt }),
  )
  const compareStyles: RowComparer = (row) => {
    const texts = selectStyleTexts(styles, row['styles'])
    const positive = applyStyles(row['prompt'], texts.prompts)
    const negative = applyStyles(row['negative'], texts.negativePrompts)
    const found = extractStyles(styles, positive, negative)
    return compareExactly(
      [positive, negative, [found.styles, found.prompt, found.negativePrompt]],
      [row['out'], row['out_negative'], row['extracted']],
    )
  }
  const compareMode: RowComparer = (row) => {
    const weights = [Array.from(tensor('emphasis.multipliers').data)]
    const weighted = applyEmphasis(tensor('emphasis.z'), { weights }, row['name'] as EmphasisMode)
    return compareValues(weighted.data, tensor(row['tensor']).data, () => 1e-5)
  }
  return {
    attention: ['A1111 emphasis', compareEmphasis],
    chunks: ['A1111 chunks', compareChunks],
    empty_chunk: [
      'A1111 chunks',
      (row) =>
        compareExactly(
          [createEmptyChunk(endOfText).tokens, createEmptyChunk(endOfText).weights],
          [row['tokens'], row['multipliers']],
        ),
    ],
    schedule: ['A1111 schedules of prompts', compareSchedule],
    active: [
      'A1111 entry in use',
      (row) => {
        const entries = (row['schedule'] as [number, string][]).map(([endAtStep]) => ({ endAtStep }))
        const wanted = row['entry_at_step'] as number[]
        return compareExactly(
          wanted.map((_, call) => findActiveEntry(entries, call)),
          wanted,
        )
      },
    ],
    multicond: ['A1111 AND', compareComposition],
    extra_networks: ['A1111 extra networks', compareNetworks],
    extra_networks_batch: [
      'A1111 extra networks',
      (row) => {
        const { prompts, tags } = parseBatchExtraNetworks(row['prompts'])
        return compareExactly(
          [prompts, { lora: tags.map(({ items }) => items) }],
          [row['out'], row['networks']],
        )
      },
    ],
    styles: ['A1111 styles', compareStyles],
    emphasis: ['A1111 emphasis on vectors', compareMode],
  }
}

async function compareWebui(folder: string): Promise<Comparison[]> {
  const rows = readLines<Row>(`${folder}sampling/prompt_webui.jsonl`)
  const comparers = createWebuiComparers(folder, rows)
  const comparisons: Comparison[] = []
  for (const row of rows) {
    const [group, compare] = comparers[row['kind']] ?? []
    if (group === undefined || compare === undefined) continue
    const name = JSON.stringify(row['text'] ?? row['prompts'] ?? row['name'] ?? row['prompt'] ?? '').slice(
      0,
      60,
    )
    comparisons.push(await compareCase(group, name, () => compare(row)))
  }
  return comparisons
}

const vectorCounts = new Map([
  ['present.safetensors', 2],
  ['one.safetensors', 1],
  ['sub/deep.safetensors', 3],
])
const findFile = (name: string) => findEmbeddingFile([...vectorCounts.keys()], name)

function showTokens({ tokens, vectors }: TokenChunk): unknown[] {
  return tokens.map((token, index) => {
    const vector = vectors.find(({ position }) => position === index)
    return vector === undefined
      ? token
      : ['emb', findFile(vector.embedding)?.replace('.safetensors', ''), vector.row]
  })
}

function compareComfyTokens(row: Row): number {
  const countVectors = (name: string) => vectorCounts.get(findFile(name) ?? '')
  const lookup = row['embedding_directory'] === null ? {} : { countVectors }
  try {
    const paddingId = row['encoder'] === 'l' ? endOfText : 0
    const chunks = tokenizePrompt(row['text'], { tokenizer: tokenizers.basic, paddingId, ...lookup })
    const shown: unknown[] = [chunks.map(showTokens)]
    const wanted: unknown[] = [row['tokens']]
    if (row['weights'] !== undefined) {
      shown.push(
        chunks.map(({ weights }) => weights),
        chunks.map(({ wordIds }) => wordIds),
      )
      wanted.push(row['weights'], row['word_ids'])
    }
    return compareExactly(shown, wanted)
  } catch (error) {
    return row['error'] === 'IndexError' ? 0 : compareExactly(String(error), row['error'] ?? '')
  }
}

async function compareComfy(folder: string): Promise<Comparison[]> {
  const comparisons: Comparison[] = []
  for (const row of readLines<Row>(`${folder}sampling/prompt_comfy.jsonl`)) {
    const name = `${row['model'] ?? ''} ${JSON.stringify(row['text']).slice(0, 60)}`
    if (row['kind'] === 'tokens') {
      comparisons.push(await compareCase('ComfyUI tokens and weights', name, () => compareComfyTokens(row)))
    } else if (row['kind'] === 'token_weights') {
      const compute = () =>
        compareExactly(
          parseWeights(row['text']).map(({ text, weight }) => [text, weight]),
          row['out'],
        )
      comparisons.push(await compareCase('ComfyUI weights', name, compute))
    }
  }
  return comparisons
}

/** Compares tokenizers and both prompt grammars. */
export async function comparePrompts(folder: string): Promise<Comparison[]> {
  return [...(await compareTokens(folder)), ...(await compareWebui(folder)), ...(await compareComfy(folder))]
}
