import { endOfText } from './clip-tokenizer.ts'
import type { TextEncoderKey } from './text-encoder.ts'

/** The id that fills a chunk after its end token: the end token again for CLIP-L, 0 for the OpenCLIP encoders. */
export function getPaddingId(key: TextEncoderKey): number {
  return key === 'clip_l' ? endOfText : 0
}
