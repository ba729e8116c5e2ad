import type { TextEncoderConfig } from '../checkpoint/detect-text.ts'
import type { WeightFile } from '../checkpoint/weight-file.ts'
import { buildClipText, CHUNK_TOKENS } from '../networks/clip-text.ts'
import type { LazySessions } from '../onnx/lazy-sessions.ts'
import { createTensor } from '../tensor/tensor.ts'
import type { TextEncoder, VectorReplacement } from '../text-encode/text-encoder.ts'

/** A text encoder as prompts are encoded with it; its session is made at the first call. */
export function prepareTextEncoder(
  file: WeightFile,
  config: TextEncoderConfig,
  sessions: LazySessions,
): TextEncoder {
  const encoder = sessions.prepare(() => buildClipText(file, config))
  const { key, width, layers, defaultLayer, finalNorm } = config
  const nameOf = (fromEnd: number, withNorm: boolean) =>
    `${withNorm ? 'normal' : 'hidden'}_${Math.max(1, layers + 1 - fromEnd)}`
  return {
    key,
    width,
    layerCount: layers,
    defaultLayer,
    finalNorm,
    async encode({ tokens, vectors, layer, finalNorm: withNorm }) {
      const session = await encoder()
      const wanted = nameOf(layer, withNorm)
      const outputs = await session.run(toTextInputs(tokens, width, vectors), [wanted, 'pooled'])
      return { hidden: outputs[wanted]!, pooled: outputs['pooled']! }
    },
  }
}

function toTextInputs(
  chunks: readonly (readonly number[])[],
  width: number,
  vectors: readonly VectorReplacement[],
) {
  const embeddings = createTensor([chunks.length, CHUNK_TOKENS, width])
  const use = createTensor([chunks.length, CHUNK_TOKENS, 1])
  for (const { chunk, position, vector } of vectors) {
    const row = chunk * CHUNK_TOKENS + position
    embeddings.data.set(vector, row * width)
    use.data[row] = 1
  }
  const integers = BigInt64Array.from(chunks.flat(), BigInt)
  return {
    tokens: { shape: [chunks.length, CHUNK_TOKENS], integers },
    embeddings,
    use,
    ends: findEnds(chunks),
  }
}

/** Each chunk's end-of-text token: the first occurrence of its largest id, as CLIP takes it. */
function findEnds(chunks: readonly (readonly number[])[]) {
  const ends = chunks.map((ids) => BigInt(ids.indexOf(Math.max(...ids))))
  return { shape: [chunks.length], integers: BigInt64Array.from(ends) }
}
