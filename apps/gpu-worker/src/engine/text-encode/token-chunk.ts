import { endOfText, startOfText } from './clip-tokenizer.ts'

/** Tokens between start and end of a chunk. */
export const chunkCapacity = 75
/** Tokens of a chunk with start and end: what the text encoder takes at once. */
export const chunkLength = 77

/** A row of a textual inversion that stands in for a token's own vector. */
export interface VectorUse {
  /** Place in the chunk, 0 to 76. */
  readonly position: number
  /** Name of the embedding. */
  readonly embedding: string
  /** Row of its vectors. */
  readonly row: number
}

/** What one call of the text encoder sees of a prompt: 77 ids, 77 weights and the vectors that replace ids. */
export interface TokenChunk {
  readonly tokens: readonly number[]
  readonly weights: readonly number[]
  readonly vectors: readonly VectorUse[]
}

/** A chunk without text, as pads shorter prompts. */
export function createEmptyChunk(paddingId: number): TokenChunk {
  return {
    tokens: Array.from({ length: chunkLength }, (_, index) => [startOfText, endOfText][index] ?? paddingId),
    weights: Array.from({ length: chunkLength }, () => 1),
    vectors: [],
  }
}
