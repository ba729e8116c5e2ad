import type { ClipTokenizer } from '../clip-tokenizer.ts'

/** A textual inversion as the prompt grammar sees it. */
export interface NamedEmbedding {
  readonly name: string
  /** Number of token positions it fills. */
  readonly vectorCount: number
}

/** An embedding found in a prompt and the tokens its name takes there. */
export interface EmbeddingMatch {
  readonly embedding: NamedEmbedding
  readonly tokenCount: number
}

/** Finds embeddings by the token ids of their names, the longest name first. */
export interface EmbeddingIndex {
  findAt(tokens: readonly number[], position: number): EmbeddingMatch | undefined
}

/** Indexes embeddings under a tokenizer; names that give no token are never found. */
export function createEmbeddingIndex(
  embeddings: Iterable<NamedEmbedding>,
  tokenizer: ClipTokenizer,
): EmbeddingIndex {
  const byFirstId = new Map<
    number,
    { readonly ids: readonly number[]; readonly embedding: NamedEmbedding }[]
  >()
  for (const embedding of embeddings) {
    const ids = tokenizer.encode(embedding.name)
    const first = ids[0]
    if (first === undefined) continue
    const entries = [...(byFirstId.get(first) ?? []), { ids, embedding }]
    byFirstId.set(
      first,
      entries.sort((left, right) => right.ids.length - left.ids.length),
    )
  }
  return {
    findAt: (tokens, position) => {
      const entry = byFirstId
        .get(tokens[position] ?? -1)
        ?.find(({ ids }) => ids.every((id, index) => tokens[position + index] === id))
      return entry && { embedding: entry.embedding, tokenCount: entry.ids.length }
    },
  }
}
