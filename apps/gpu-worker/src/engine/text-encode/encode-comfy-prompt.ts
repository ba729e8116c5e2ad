import { createTensor, type Tensor } from '../tensor/tensor.ts'
import type { ClipTokenizer } from './clip-tokenizer.ts'
import { joinTokens, joinWidths, takeRow, type Conditioning } from './conditioning.ts'
import { getPaddingId } from './padding.ts'
import { applyWeights, hasWeights } from './prompt-comfy/apply-weights.ts'
import { tokenizePrompt, type WordChunk } from './prompt-comfy/tokenize-prompt.ts'
import type { FindVectors, TextEncoder, TextEncoderKey, VectorReplacement } from './text-encoder.ts'
import { createEmptyChunk, type TokenChunk } from './token-chunk.ts'

/** A prompt's chunks for every encoder of a model. */
export type ComfyTokens = ReadonlyMap<TextEncoderKey, readonly TokenChunk[]>

/** A checkpoint's text encoders as ComfyUI's CLIP object. */
export interface ComfyTextModel {
  /** In the order in which their widths are joined: CLIP-L before bigG. */
  readonly encoders: readonly TextEncoder[]
  readonly tokenizer: ClipTokenizer
  readonly findVectors: FindVectors
  /** CLIPSetLastLayer's value, -1 to -24: hidden layer counted from the end for all encoders. Absent: each one's own. */
  readonly stopAtLayer?: number | undefined
}

/**
 * Tokenizes a prompt for one encoder.
 * @throws PromptError
 */
export function tokenizeComfyPrompt(
  prompt: string,
  key: TextEncoderKey,
  model: ComfyTextModel,
): readonly WordChunk[] {
  return tokenizePrompt(prompt, {
    tokenizer: model.tokenizer,
    paddingId: getPaddingId(key),
    countVectors: (name) => model.findVectors(name, key)?.shape[0],
  })
}

/**
 * Puts vectors in their places. One of another width than the encoder's goes, the tokens after it move up and padding
 * fills the end; weights keep their places.
 */
function placeVectors(chunk: TokenChunk, index: number, encoder: TextEncoder, findVectors: FindVectors) {
  const dropped = new Set<number>()
  const kept: { readonly position: number; readonly vector: Float32Array }[] = []
  for (const { position, embedding, row } of chunk.vectors) {
    const table = findVectors(embedding, encoder.key)
    const width = table?.shape[1]
    if (table === undefined || width !== encoder.width) dropped.add(position)
    else kept.push({ position, vector: table.data.subarray(row * width, (row + 1) * width) })
  }
  const tokens = chunk.tokens.filter((_, position) => !dropped.has(position))
  const padding = Array.from({ length: dropped.size }, () => getPaddingId(encoder.key))
  const countBefore = (position: number) => [...dropped].filter((place) => place < position).length
  const vectors = kept.map(({ position, vector }): VectorReplacement => ({
    chunk: index,
    position: position - countBefore(position),
    vector,
  }))
  return { tokens: [...tokens, ...padding], vectors }
}

function chooseLayer({ defaultLayer, layerCount }: TextEncoder, stopAtLayer: number | undefined): number {
  if (stopAtLayer === undefined) return defaultLayer
  const layer = Math.abs(stopAtLayer)
  return layer > layerCount ? 1 : layer
}

async function encodeChunks(chunks: readonly TokenChunk[], encoder: TextEncoder, model: ComfyTextModel) {
  const needsEmpty = hasWeights(chunks)
  const all = needsEmpty ? [...chunks, createEmptyChunk(getPaddingId(encoder.key))] : chunks
  const placed = all.map((chunk, index) => placeVectors(chunk, index, encoder, model.findVectors))
  const { hidden, pooled } = await encoder.encode({
    tokens: placed.map(({ tokens }) => tokens),
    vectors: placed.flatMap(({ vectors }) => vectors),
    layer: chooseLayer(encoder, model.stopAtLayer),
    finalNorm: encoder.finalNorm,
  })
  const size = hidden.data.length / all.length
  const own = createTensor(
    [chunks.length, ...hidden.shape.slice(1)],
    hidden.data.slice(0, chunks.length * size),
  )
  const weighted = needsEmpty ? applyWeights(own, hidden.data.subarray(chunks.length * size), chunks) : own
  const rows = chunks.map((_, row): Tensor => takeRow(weighted, row))
  return { tokens: joinTokens(rows), pooled: pooled && takeRow(pooled, 0) }
}

/** Encodes what was tokenized: every encoder's chunks, widths joined; pooled of the last encoder's first chunk. */
export async function encodeComfyTokens(tokens: ComfyTokens, model: ComfyTextModel): Promise<Conditioning> {
  const encoded = await Promise.all(
    model.encoders.map((encoder) => encodeChunks(tokens.get(encoder.key) ?? [], encoder, model)),
  )
  return { tokens: joinWidths(encoded.map((result) => result.tokens)), pooled: encoded.at(-1)?.pooled }
}

/**
 * Encodes a prompt in ComfyUI's syntax (CLIPTextEncode).
 * @throws PromptError
 */
export async function encodeComfyPrompt(prompt: string, model: ComfyTextModel): Promise<Conditioning> {
  const tokens = new Map(model.encoders.map(({ key }) => [key, tokenizeComfyPrompt(prompt, key, model)]))
  return encodeComfyTokens(tokens, model)
}

/** Gives two encoders' chunks the same number by adding empty ones to the shorter (CLIPTextEncodeSDXL). */
export function equalizeChunks(tokens: ComfyTokens): ComfyTokens {
  const longest = Math.max(...[...tokens.values()].map(({ length }) => length))
  return new Map(
    [...tokens].map(([key, chunks]) => {
      const empty = createEmptyChunk(getPaddingId(key))
      return [key, [...chunks, ...Array.from({ length: longest - chunks.length }, () => empty)]]
    }),
  )
}
