import type { Tensor } from '../tensor/tensor.ts'
import {
  joinTokens,
  joinWidths,
  takeRow,
  toZeros,
  type Conditioning,
  type ConditioningPart,
  type ScheduledConditioning,
} from './conditioning.ts'
import { getPaddingId } from './padding.ts'
import { checkPromptLength } from './prompt-error.ts'
import { applyEmphasis } from './prompt-webui/apply-emphasis.ts'
import { chunkPrompt, type ChunkSettings } from './prompt-webui/chunk-prompt.ts'
import { splitComposition } from './prompt-webui/composition.ts'
import { removeExtraNetworkTags } from './prompt-webui/extra-network-tags.ts'
import type { EmphasisMode } from './prompt-webui/parse-emphasis.ts'
import { weighTokens } from './prompt-webui/weigh-tokens.ts'
import { schedulePrompt, type ScheduleEntry, type ScheduleSteps } from './prompt-webui/schedule.ts'
import type { FindVectors, TextEncoder, VectorReplacement } from './text-encoder.ts'
import { createEmptyChunk, type TokenChunk } from './token-chunk.ts'

/** A text encoder with what A1111's grammar needs to cut prompts for it. */
export interface WebuiEncoder extends Pick<ChunkSettings, 'tokenizer' | 'embeddings'> {
  readonly encoder: TextEncoder
}

/** A checkpoint's text encoders, in the order in which their widths are joined (CLIP-L before bigG). */
export interface WebuiTextModel {
  readonly encoders: readonly WebuiEncoder[]
  readonly findVectors: FindVectors
  /** An empty negative prompt is all zeros instead of the encoding of nothing (SDXL). */
  readonly zeroEmptyNegative: boolean
}

/** How prompts become conditioning, A1111's options. */
export interface WebuiTextSettings extends ScheduleSteps {
  /** Hidden layer counted from the end, 1 to 12; acts on SD1, and on SDXL's CLIP-L where asked. */
  readonly clipSkip: number
  readonly skipsForPairs?: boolean
  readonly emphasis: EmphasisMode
  /** 0 to 74. */
  readonly commaBacktrack: number
  /** Weights are read from the tokens (weighTokens), where CLIP-L is the only encoder; absent: from the text. */
  readonly readsWeightsFromTokens?: boolean
}

/** A text of a batch and how often it occurs there. */
interface BatchRow {
  readonly chunks: readonly TokenChunk[]
  readonly count: number
}

function chooseLayer(
  { key, defaultLayer, finalNorm }: TextEncoder,
  { clipSkip, skipsForPairs = false }: WebuiTextSettings,
): number {
  const followsClipSkip = key === 'clip_l' && (finalNorm || skipsForPairs)
  return followsClipSkip ? Math.max(1, clipSkip) : defaultLayer
}

/** The vectors that chunks ask for; those of another width or beyond the end are left out. */
function collectReplacements(
  chunks: readonly TokenChunk[],
  encoder: TextEncoder,
  findVectors: FindVectors,
): VectorReplacement[] {
  return chunks.flatMap((chunk, index) =>
    chunk.vectors.flatMap(({ position, embedding, row }) => {
      const table = findVectors(embedding, encoder.key)
      const width = table?.shape[1]
      if (table === undefined || width !== encoder.width) return []
      return [{ chunk: index, position, vector: table.data.subarray(row * width, (row + 1) * width) }]
    }),
  )
}

/** Encodes one batch of texts with one encoder: [rows, 77·k, width] and the pooled vectors of the first chunks. */
async function encodeRows(
  rows: readonly BatchRow[],
  { encoder }: WebuiEncoder,
  findVectors: FindVectors,
  settings: WebuiTextSettings,
): Promise<{ readonly tokens: Tensor; readonly pooled: Tensor | undefined }> {
  const chunkCount = Math.max(...rows.map(({ chunks }) => chunks.length))
  const empty = createEmptyChunk(getPaddingId(encoder.key))
  const parts: Tensor[] = []
  let pooled: Tensor | undefined
  for (let index = 0; index < chunkCount; index++) {
    const chunks = rows.map((row) => row.chunks[index] ?? empty)
    const result = await encoder.encode({
      tokens: chunks.map(({ tokens }) => tokens),
      vectors: collectReplacements(chunks, encoder, findVectors),
      layer: Math.min(chooseLayer(encoder, settings), encoder.layerCount),
      finalNorm: encoder.finalNorm,
    })
    const weights = {
      weights: chunks.map((chunk) => chunk.weights),
      rowCounts: rows.map(({ count }) => count),
    }
    parts.push(applyEmphasis(result.hidden, weights, settings.emphasis))
    pooled ??= result.pooled
  }
  return { tokens: joinTokens(parts), pooled }
}

/**
 * Encodes the different texts of one batch, each with how often it occurs there (the mean that emphasis restores is
 * the batch's). One conditioning for each text, in the order given.
 * @throws PromptError
 */
export async function encodeWebuiTexts(
  texts: ReadonlyMap<string, number>,
  model: WebuiTextModel,
  settings: WebuiTextSettings,
): Promise<Conditioning[]> {
  const encoded = await Promise.all(
    model.encoders.map((webuiEncoder) => {
      const { emphasis, commaBacktrack } = settings
      const { tokenizer, embeddings, encoder } = webuiEncoder
      const paddingId = getPaddingId(encoder.key)
      const chunkSettings = { tokenizer, embeddings, emphasis, commaBacktrack, paddingId }
      const isOld =
        settings.readsWeightsFromTokens === true && encoder.key === 'clip_l' && model.encoders.length === 1
      const cut = (text: string) =>
        isOld ? [weighTokens(text, chunkSettings)] : chunkPrompt(text, chunkSettings).chunks
      const rows = [...texts].map(([text, count]) => ({ chunks: cut(text), count }))
      return encodeRows(rows, webuiEncoder, model.findVectors, settings)
    }),
  )
  const tokens = joinWidths(encoded.map((result) => result.tokens))
  // SDXL's pooled vector is the last encoder's.
  const pooled = model.encoders.at(-1)?.encoder.key === 'clip_g' ? encoded.at(-1)?.pooled : undefined
  return Array.from({ length: texts.size }, (_, row) => ({
    tokens: takeRow(tokens, row),
    pooled: pooled && takeRow(pooled, row),
  }))
}

async function encodeSchedule(
  entries: readonly ScheduleEntry[],
  model: WebuiTextModel,
  settings: WebuiTextSettings,
  isNegative: boolean,
): Promise<ScheduledConditioning[]> {
  const counts = new Map<string, number>()
  for (const { text } of entries) counts.set(text, (counts.get(text) ?? 0) + 1)
  const encoded = await encodeWebuiTexts(counts, model, settings)
  const isZero = isNegative && model.zeroEmptyNegative && entries.every(({ text }) => text === '')
  const byText = new Map([...counts.keys()].map((text, index) => [text, encoded[index]]))
  return entries.flatMap(({ endAtStep, text }) => {
    const conditioning = byText.get(text)
    if (conditioning === undefined) return []
    return [{ endAtStep, conditioning: isZero ? toZeros(conditioning) : conditioning }]
  })
}

/**
 * Encodes a positive prompt in A1111's grammar: extra-network tags are cut out, AND separates parts, each part has
 * its timeline over the steps of the pass.
 * @throws PromptError
 */
export async function encodeWebuiPrompt(
  prompt: string,
  model: WebuiTextModel,
  settings: WebuiTextSettings,
): Promise<ConditioningPart[]> {
  const parts: ConditioningPart[] = []
  checkPromptLength(prompt)
  for (const { text, weight } of splitComposition(removeExtraNetworkTags(prompt))) {
    parts.push({
      weight,
      schedule: await encodeSchedule(schedulePrompt(text, settings), model, settings, false),
    })
  }
  return parts
}

/**
 * Encodes a negative prompt: one timeline; AND and tags are plain text in it.
 * @throws PromptError
 */
export async function encodeWebuiNegativePrompt(
  prompt: string,
  model: WebuiTextModel,
  settings: WebuiTextSettings,
): Promise<ScheduledConditioning[]> {
  checkPromptLength(prompt)
  return encodeSchedule(schedulePrompt(prompt, settings), model, settings, true)
}
