import { withChanges, type Derivation } from '../adapters/derive-weights.ts'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import { countPrefixBytes, type CheckpointSource } from './checkpoint-source.ts'
import type { Loaded } from './load-model.ts'
import { prepareUnet } from './prepare-unet.ts'

/** A checkpoint's denoiser, with changes of its weights or without; a session is made at its first use. */
export function loadDenoiser(
  { file, detected }: CheckpointSource,
  options: SessionOptions,
  derivation?: Derivation,
): Loaded<PredictionNetwork> {
  const sessions = new LazySessions(options)
  const changed = derivation === undefined ? file : withChanges(file, derivation, 'denoiser')
  return {
    value: prepareUnet(changed, detected.unet, sessions),
    // Folded weights are copies, changed or not.
    costBytes: countPrefixBytes(file, detected.unet.prefix),
    release: () => sessions.release(),
  }
}
