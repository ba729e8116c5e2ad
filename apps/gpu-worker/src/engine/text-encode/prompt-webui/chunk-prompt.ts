import { endOfText, startOfText, type ClipTokenizer } from '../clip-tokenizer.ts'
import { PromptError } from '../prompt-error.ts'
import { chunkCapacity, chunkLength, type TokenChunk, type VectorUse } from '../token-chunk.ts'
import type { EmbeddingIndex, NamedEmbedding } from './embedding-index.ts'
import { isBreak, parseEmphasis, type EmphasisMode } from './parse-emphasis.ts'

/** Id of a comma that ends a word. */
const commaToken = 267

/** What decides how a prompt is cut. */
export interface ChunkSettings {
  readonly tokenizer: ClipTokenizer
  readonly embeddings: EmbeddingIndex
  readonly emphasis: EmphasisMode
  /** Tokens after the last comma that may move to the next chunk with it, 0 to 74; 0 off. */
  readonly commaBacktrack: number
  /** What fills a chunk after its end token: the end token itself (CLIP-L) or 0 (OpenCLIP). */
  readonly paddingId: number
}

/** A prompt cut into chunks. */
export interface ChunkedPrompt {
  /** At least one. */
  readonly chunks: readonly TokenChunk[]
  /** Tokens used, full chunks counting 75; what A1111's token counter shows. */
  readonly tokenCount: number
}

/** The chunks written so far and the one being filled. */
class ChunkWriter {
  readonly chunks: TokenChunk[] = []
  tokenCount = 0
  private tokens: number[] = []
  private weights: number[] = []
  private vectors: VectorUse[] = []
  private commaPosition = -1
  private readonly settings: ChunkSettings

  constructor(settings: ChunkSettings) {
    this.settings = settings
  }

  appendToken(token: number, weight: number): void {
    this.tokens.push(token)
    this.weights.push(weight)
  }

  /** Makes room for the next token: at a full chunk, what follows a near comma moves on with it. */
  prepareFor(token: number): void {
    const sinceComma = this.tokens.length - this.commaPosition
    if (token === commaToken) this.commaPosition = this.tokens.length
    else if (this.isFull() && this.commaPosition !== -1 && sinceComma <= this.settings.commaBacktrack) {
      this.moveAfterComma()
    }
    if (this.isFull()) this.endChunk()
  }

  appendEmbedding({ name, vectorCount }: NamedEmbedding, weight: number): void {
    if (vectorCount > chunkCapacity) {
      throw new PromptError(
        `embedding ${name} has ${vectorCount} vectors; a prompt can hold at most ${chunkCapacity} of one`,
      )
    }
    if (this.tokens.length + vectorCount > chunkCapacity) this.endChunk()
    const start = this.tokens.length + 1
    for (let row = 0; row < vectorCount; row++) {
      this.vectors.push({ position: start + row, embedding: name, row })
      this.appendToken(0, weight)
    }
  }

  endChunk(isLast = false): void {
    this.tokenCount += isLast ? this.tokens.length : chunkCapacity
    const { paddingId } = this.settings
    const tokens = [startOfText, ...this.tokens]
    const fill = this.fillIds(tokens, paddingId)
    this.chunks.push({
      tokens: fill,
      weights: Array.from({ length: chunkLength }, (_, index) => this.weights[index - 1] ?? 1),
      vectors: this.vectors.filter(({ position }) => position < chunkLength),
    })
    this.tokens = []
    this.weights = []
    this.vectors = []
    this.commaPosition = -1
  }

  finish(): ChunkedPrompt {
    if (this.tokens.length > 0 || this.chunks.length === 0) this.endChunk(true)
    return { chunks: this.chunks, tokenCount: this.tokenCount }
  }

  private isFull(): boolean {
    return this.tokens.length === chunkCapacity
  }

  /** Ends after the first end token (which text can bring itself) with padding, where that is another id. */
  private fillIds(tokens: readonly number[], paddingId: number): number[] {
    const filled = Array.from({ length: chunkLength }, (_, index) => tokens[index] ?? endOfText)
    if (paddingId === endOfText) return filled
    const end = filled.indexOf(endOfText)
    return filled.map((token, index) => (index > end ? paddingId : token))
  }

  /** Vectors stay with the chunk they were written to, over its padding, as in the original; only their ids move. */
  private moveAfterComma(): void {
    const start = this.commaPosition + 1
    const tokens = this.tokens.splice(start)
    const weights = this.weights.splice(start)
    this.endChunk()
    this.tokens = tokens
    this.weights = weights
  }
}

/**
 * Cuts one prompt (a text of its schedule) into chunks of 75 tokens.
 * @throws PromptError for a bad weight or too long an embedding
 */
export function chunkPrompt(prompt: string, settings: ChunkSettings): ChunkedPrompt {
  const writer = new ChunkWriter(settings)
  for (const piece of parseEmphasis(prompt, settings.emphasis)) {
    if (isBreak(piece)) {
      writer.endChunk()
      continue
    }
    const tokens = settings.tokenizer.encode(piece.text)
    let position = 0
    while (position < tokens.length) {
      const token = tokens[position] ?? 0
      writer.prepareFor(token)
      const match = settings.embeddings.findAt(tokens, position)
      if (match === undefined) writer.appendToken(token, piece.weight)
      else writer.appendEmbedding(match.embedding, piece.weight)
      position += match?.tokenCount ?? 1
    }
  }
  return writer.finish()
}
