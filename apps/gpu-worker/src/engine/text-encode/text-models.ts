import type { Tensor } from '../tensor/tensor.ts'
import type { ClipTokenizers } from './clip-tokenizers.ts'
import type { ComfyTextModel } from './encode-comfy-prompt.ts'
import type { WebuiTextModel } from './encode-webui-prompt.ts'
import { createEmbeddingIndex } from './prompt-webui/embedding-index.ts'
import type { TextEncoder } from './text-encoder.ts'
import {
  fitsModel,
  getWebuiVectors,
  readComfyVectors,
  type EmbeddingTensors,
  type WebuiEmbedding,
} from './textual-inversion.ts'

/** What A1111's side of a checkpoint is built from. */
export interface WebuiTextParts {
  readonly encoders: readonly TextEncoder[]
  readonly tokenizers: ClipTokenizers
  /** Embeddings by the name prompts use: the file's name without extension. Those of other widths are not found. */
  readonly embeddings?: ReadonlyMap<string, WebuiEmbedding>
}

/** A checkpoint's text encoders as A1111's prompts use them. */
export function createWebuiTextModel({ encoders, tokenizers, embeddings }: WebuiTextParts): WebuiTextModel {
  const widths = encoders.map(({ width }) => width)
  const fitting = new Map([...(embeddings ?? [])].filter(([, embedding]) => fitsModel(embedding, widths)))
  const named = [...fitting].map(([name, { vectorCount }]) => ({ name, vectorCount }))
  return {
    encoders: encoders.map((encoder) => {
      const tokenizer = tokenizers.webui[encoder.key]
      return { encoder, tokenizer, embeddings: createEmbeddingIndex(named, tokenizer) }
    }),
    findVectors: (name, key) => {
      const embedding = fitting.get(name)
      return embedding && getWebuiVectors(embedding, key)
    },
    zeroEmptyNegative: encoders.some(({ key }) => key === 'clip_g'),
  }
}

/** What ComfyUI's CLIP object is built from. */
export interface ComfyTextParts {
  readonly encoders: readonly TextEncoder[]
  readonly tokenizers: ClipTokenizers
  /** Tensors of the embedding file that a name in a prompt means; see findEmbeddingFile. */
  readonly findEmbedding?: (name: string) => EmbeddingTensors | undefined
  readonly stopAtLayer?: number | undefined
}

/** A checkpoint's text encoders as ComfyUI's prompts use them. */
export function createComfyTextModel({
  encoders,
  tokenizers,
  findEmbedding,
  stopAtLayer,
}: ComfyTextParts): ComfyTextModel {
  const widths = new Map(encoders.map(({ key, width }) => [key, width]))
  const found = new Map<string, Tensor | undefined>()
  return {
    encoders,
    tokenizer: tokenizers.comfy,
    stopAtLayer,
    findVectors: (name, key) => {
      const place = `${key} ${name}`
      if (!found.has(place)) {
        const tensors = findEmbedding?.(name)
        found.set(place, tensors && readComfyVectors(tensors, key, widths.get(key) ?? 0))
      }
      return found.get(place)
    },
  }
}
