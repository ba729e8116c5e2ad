import { withChanges, type Derivation } from '../adapters/derive-weights.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import type { TextEncoder, TextEncoderKey } from '../text-encode/text-encoder.ts'
import { countPrefixBytes, type CheckpointSource } from './checkpoint-source.ts'
import type { Loaded } from './loaded.ts'
import { prepareTextEncoder } from './prepare-text-encoder.ts'

/** Those of a checkpoint's text encoders whose weights are changed; a session is made at its first use. */
export function loadChangedTexts(
  { file, detected }: CheckpointSource,
  options: SessionOptions,
  derivation: Derivation,
): Loaded<ReadonlyMap<TextEncoderKey, TextEncoder>> {
  const sessions = new LazySessions(options)
  const configs = detected.textEncoders.filter(({ key }) => derivation.changes.has(key))
  return {
    value: new Map(
      configs.map((config) => [
        config.key,
        prepareTextEncoder(withChanges(file, derivation, config.key), config, sessions),
      ]),
    ),
    costBytes: configs.reduce((bytes, { prefix }) => bytes + countPrefixBytes(file, prefix), 0),
    trim: (before) => sessions.trim(before),
    release: () => sessions.release(),
  }
}
