import { ModelKind } from '@atelier/proto'
import { readSafetensors } from './checkpoint/safetensors.ts'
import { readTensor } from './checkpoint/read-tensor.ts'
import type { ModelStore } from './models/model-store.ts'
import type { EmbeddingReader } from './text-models.ts'
import {
  readWebuiEmbedding,
  type EmbeddingTensors,
  type WebuiEmbedding,
} from './text-encode/textual-inversion.ts'

/** Reads textual inversions from the files the engine may open; unreadable ones are as if they were not there. */
export function createEmbeddingReader(models: ModelStore): EmbeddingReader {
  return {
    webui(refs) {
      const found = new Map<string, WebuiEmbedding>()
      for (const ref of refs) {
        const tensors = readTensors(models.resolve(ref).path)
        if (tensors !== undefined) found.set(toPromptName(ref.name), readWebuiEmbedding(tensors))
      }
      return found
    },
    comfy(name) {
      const candidates = [name, `${name}.safetensors`]
      const file = candidates
        .map((candidate) => models.find(ModelKind.MODEL_KIND_EMBEDDING, candidate))
        .find(Boolean)
      return file && readTensors(file.path)
    },
  }
}

/** Prompts name an embedding by its file's name without folder and extension. */
function toPromptName(name: string): string {
  return (name.split('/').at(-1) ?? name).replace(/\.[^.]+$/, '')
}

function readTensors(path: string): EmbeddingTensors | undefined {
  try {
    const file = readSafetensors(path)
    return new Map([...file.tensors.keys()].map((name) => [name, readTensor(file, name)]))
  } catch {
    return undefined
  }
}
