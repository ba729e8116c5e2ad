import { endOfText, startOfText } from '../clip-tokenizer.ts'
import { chunkCapacity, chunkLength, type TokenChunk, type VectorUse } from '../token-chunk.ts'
import type { ChunkSettings } from './chunk-prompt.ts'

/**
 * Reads a prompt as A1111 did before October 2022 (`use_old_emphasis_implementation`): tokens with brackets multiply the
 * weights of all that follow, whatever numbers stand there, and what comes after 75 tokens is cut off.
 */
export function weighTokens(
  prompt: string,
  { tokenizer, embeddings, emphasis }: Pick<ChunkSettings, 'tokenizer' | 'embeddings' | 'emphasis'>,
): TokenChunk {
  const factors = emphasis === 'None' ? undefined : tokenizer.bracketFactors?.()
  const ids = tokenizer.encode(prompt)
  const [tokens, weights, vectors]: [number[], number[], VectorUse[]] = [[], [], []]
  let weight = 1
  for (let position = 0; position < ids.length;) {
    const id = ids[position] ?? 0
    const factor = factors?.get(id)
    const match = embeddings.findAt(ids, position)
    position += factor === undefined ? (match?.tokenCount ?? 1) : 1
    if (factor !== undefined) {
      weight *= factor
      continue
    }
    const { name = '', vectorCount = 0 } = match?.embedding ?? {}
    for (let row = 0; row < vectorCount; row += 1)
      vectors.push({ position: tokens.length + 1 + row, embedding: name, row })
    const added = match === undefined ? [id] : Array.from({ length: vectorCount }, () => 0)
    tokens.push(...added)
    weights.push(...added.map(() => weight))
  }
  return {
    tokens: fill([startOfText, ...tokens.slice(0, chunkCapacity)], endOfText),
    weights: fill([1, ...weights.slice(0, chunkCapacity)], 1),
    vectors: vectors.filter(({ position }) => position < chunkLength),
  }
}

function fill(values: readonly number[], filler: number): number[] {
  return Array.from({ length: chunkLength }, (_, index) => values[index] ?? filler)
}
