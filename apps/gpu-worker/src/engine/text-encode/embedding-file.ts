import { isEmbeddingPicture } from '@atelier/catalog'
import { readTensor } from '../checkpoint/read-tensor.ts'
import { readWeightFile } from '../checkpoint/read-weight-file.ts'
import { readEmbeddingPicture } from './embedding-picture.ts'
import type { EmbeddingFile } from './textual-inversion.ts'

/** Embeddings are a few dozen vectors; a whole checkpoint in the wrong folder is not read. */
const MAX_TENSORS = 256

/**
 * Reads an embedding of any file form: safetensors, PyTorch's, or a PNG or WebP picture that carries one.
 * @throws CheckpointError when the file is malformed, EmbeddingError when it holds no embedding
 */
export function readEmbeddingFile(path: string): EmbeddingFile {
  if (isEmbeddingPicture(path)) return readEmbeddingPicture(path)
  const file = readWeightFile(path)
  const names = [...file.tensors.keys()].slice(0, MAX_TENSORS)
  return {
    tensors: new Map(names.map((name) => [name, readTensor(file, name)])),
    metadata: file.metadata,
  }
}
