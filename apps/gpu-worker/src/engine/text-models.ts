import { ModelKind, type ModelRef } from '@atelier/proto'
import type { LoadedModel } from './models/loaded-model.ts'
import { createClipTokenizers, type ClipTokenizers } from './text-encode/clip-tokenizers.ts'
import type { ComfyTextModel } from './text-encode/encode-comfy-prompt.ts'
import type { WebuiTextModel } from './text-encode/encode-webui-prompt.ts'
import { createComfyTextModel, createWebuiTextModel } from './text-encode/text-models.ts'
import type { EmbeddingTensors, WebuiEmbedding } from './text-encode/textual-inversion.ts'

/** Reads textual inversions for prompts. */
export interface EmbeddingReader {
  /** Those of embedding files, and those that lie in LoRA files, by the name prompts use. */
  webui(refs: readonly ModelRef[]): ReadonlyMap<string, WebuiEmbedding>
  comfy(name: string): EmbeddingTensors | undefined
}

/** Kinds of files that may hold embeddings. */
const EMBEDDING_KINDS: readonly ModelKind[] = [ModelKind.MODEL_KIND_EMBEDDING, ModelKind.MODEL_KIND_LORA]

/** Owns the tokenizers, made once, and joins them with a checkpoint's encoders. */
export class TextModels {
  readonly #embeddings: EmbeddingReader
  #tokenizers: ClipTokenizers | undefined

  constructor(embeddings: EmbeddingReader) {
    this.#embeddings = embeddings
  }

  /** Makes the tokenizers now, which takes some tenths of a second: ahead of the first prompt, while nobody waits. */
  prepare(): void {
    this.#prepare()
  }

  /** A checkpoint's encoders for A1111's prompts, which may name embeddings of these files. */
  webui(model: LoadedModel, files: readonly ModelRef[]): WebuiTextModel {
    const refs = files.filter(({ kind }) => EMBEDDING_KINDS.includes(kind))
    return createWebuiTextModel({
      encoders: model.textEncoders,
      tokenizers: this.#prepare(),
      embeddings: this.#embeddings.webui(refs),
    })
  }

  /** A checkpoint's encoders for ComfyUI's prompts. */
  comfy(model: Pick<LoadedModel, 'textEncoders'>, stopAtLayer: number | undefined): ComfyTextModel {
    return createComfyTextModel({
      encoders: model.textEncoders,
      tokenizers: this.#prepare(),
      findEmbedding: (name) => this.#embeddings.comfy(name),
      stopAtLayer,
    })
  }

  #prepare(): ClipTokenizers {
    return (this.#tokenizers ??= createClipTokenizers())
  }
}
