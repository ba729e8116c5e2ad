import { toEmbeddingName } from '@atelier/catalog'
import { ModelKind, type ModelFile } from '@atelier/proto'
import type { ModelIndex } from '../../models/model-index.ts'
import { compareNaturally, listUsable } from './list-usable.ts'

/** Width of a family's text conditioning, where a checkpoint does not say its own. */
const FAMILY_WIDTHS: Readonly<Record<string, number>> = {
  sd1: 768,
  sd2: 1024,
  sdxl: 2048,
  'sdxl-refiner': 1280,
}

/** Embeddings a checkpoint can use, and those it cannot for their width. */
export function listEmbeddings(
  models: ModelIndex,
  checkpoint: ModelFile | undefined,
): { readonly loaded: readonly ModelFile[]; readonly skipped: readonly ModelFile[] } {
  const files = listUsable(models, ModelKind.MODEL_KIND_EMBEDDING).sort((a, b) =>
    compareNaturally(toEmbeddingName(a), toEmbeddingName(b)),
  )
  const width =
    checkpoint === undefined ? 0 : checkpoint.embeddingWidth || FAMILY_WIDTHS[checkpoint.family] || 0
  const fits = (file: ModelFile) => width === 0 || file.embeddingWidth === 0 || file.embeddingWidth === width
  return { loaded: files.filter(fits), skipped: files.filter((file) => !fits(file)) }
}

/** Embeddings whose names stand in a text as words of their own; case does not count, as for the tokenizer. */
export function findEmbeddings(embeddings: readonly ModelFile[], text: string): ModelFile[] {
  const places = embeddings.flatMap((file) => {
    const name = toEmbeddingName(file).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    const at = text.search(new RegExp(`(?<![\\p{L}\\p{N}])${name}(?![\\p{L}\\p{N}])`, 'iu'))
    return at < 0 ? [] : [{ file, at }]
  })
  return places.sort((a, b) => a.at - b.at).map(({ file }) => file)
}
