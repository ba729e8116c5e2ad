import { createClipTokenizer, type ClipTokenizer } from './clip-tokenizer.ts'
import { loadClipVocabulary } from './clip-vocabulary.ts'
import type { TextEncoderKey } from './text-encoder.ts'

/** The tokenizers of the two surfaces; they differ in how text is cleaned. */
export interface ClipTokenizers {
  /** A1111's, which has ftfy installed; for the OpenCLIP encoders "!" is the padding token. */
  readonly webui: Readonly<Record<TextEncoderKey, ClipTokenizer>>
  /** ComfyUI's, which has not. */
  readonly comfy: ClipTokenizer
}

/** Builds all tokenizers over one vocabulary; takes about 0.2 s and 30 MB, so do it once a process. */
export function createClipTokenizers(): ClipTokenizers {
  const vocabulary = loadClipVocabulary()
  const openClip = createClipTokenizer(vocabulary, 'ftfy', '!')
  return {
    webui: { clip_l: createClipTokenizer(vocabulary, 'ftfy'), clip_g: openClip, clip_h: openClip },
    comfy: createClipTokenizer(vocabulary, 'basic'),
  }
}
