import { toEmbeddingName } from '@atelier/catalog'
import { ModelKind } from '@atelier/proto'
import type { ModelStore } from './models/model-store.ts'
import { readWeightFile } from './checkpoint/read-weight-file.ts'
import { readBundledEmbeddings } from './text-encode/bundled-embeddings.ts'
import type { EmbeddingReader } from './text-models.ts'
import { readEmbeddingFile } from './text-encode/embedding-file.ts'
import {
  readWebuiEmbedding,
  type EmbeddingTensors,
  type WebuiEmbedding,
} from './text-encode/textual-inversion.ts'

/** What ComfyUI adds to a name, in this order. */
const COMFY_EXTENSIONS = ['', '.safetensors', '.pt', '.bin']

/** Reads textual inversions from the files the engine may open; unreadable ones are as if they were not there. */
export function createEmbeddingReader(models: ModelStore): EmbeddingReader {
  return {
    webui(refs) {
      const found = new Map<string, WebuiEmbedding>()
      for (const ref of refs.filter(({ kind }) => kind === ModelKind.MODEL_KIND_EMBEDDING)) {
        const file = models.resolve(ref)
        const embedding = readEmbedding(file.path)
        if (embedding !== undefined) found.set(toEmbeddingName(file), embedding)
      }
      // What lies in a LoRA's file gives way to a file of its own.
      for (const ref of refs.filter(({ kind }) => kind === ModelKind.MODEL_KIND_LORA)) {
        for (const [name, embedding] of readBundledEmbeddings(readWeightFile(models.resolve(ref).path)))
          if (!found.has(name)) found.set(name, embedding)
      }
      return found
    },
    comfy(name) {
      const file = COMFY_EXTENSIONS.map((extension) => name + extension)
        .map((candidate) => models.find(ModelKind.MODEL_KIND_EMBEDDING, candidate))
        .find(Boolean)
      return file && readTensors(file.path)
    },
  }
}

function readEmbedding(path: string): WebuiEmbedding | undefined {
  try {
    return readWebuiEmbedding(readEmbeddingFile(path).tensors)
  } catch {
    return undefined
  }
}

function readTensors(path: string): EmbeddingTensors | undefined {
  try {
    return readEmbeddingFile(path).tensors
  } catch {
    return undefined
  }
}
