import { readTensor } from '../checkpoint/read-tensor.ts'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { EmbeddingError, readWebuiEmbedding, type WebuiEmbedding } from './textual-inversion.ts'

/** `bundle_emb.NAME.PART`, A1111's names of embeddings that lie in a LoRA's file. */
const BUNDLED = /^bundle_emb\.([^.]+)\.(.+)$/

/** The textual inversions inside a LoRA's file by the name prompts use; those that cannot be read are left out. */
export function readBundledEmbeddings(file: WeightFile): ReadonlyMap<string, WebuiEmbedding> {
  const byName = new Map<string, Map<string, Tensor>>()
  for (const tensor of file.tensors.keys()) {
    const [, name, part] = BUNDLED.exec(tensor) ?? []
    if (name === undefined || part === undefined) continue
    const parts = byName.get(name) ?? new Map<string, Tensor>()
    parts.set(part, readTensor(file, tensor))
    byName.set(name, parts)
  }
  return new Map([...byName].flatMap(([name, parts]) => toEntry(name, parts)))
}

function toEntry(name: string, parts: ReadonlyMap<string, Tensor>): [string, WebuiEmbedding][] {
  try {
    return [[name, readWebuiEmbedding(parts)]]
  } catch (error) {
    if (error instanceof EmbeddingError) return []
    throw error
  }
}
