import { withChanges, type Derivation } from '../adapters/derive-weights.ts'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import { countPrefixBytes, type CheckpointSource } from './checkpoint-source.ts'
import type { Loaded } from './loaded.ts'
import { prepareUnet } from './prepare-unet.ts'

/**
 * A checkpoint's denoiser, with changes of its weights or without; a session is made at its first use, and one more for
 * each set of controls and patches. `makeRoom` is asked before each.
 */
export function loadDenoiser(
  { file, detected }: CheckpointSource,
  options: SessionOptions,
  {
    derivation,
    makeRoom,
  }: { readonly derivation?: Derivation | undefined; readonly makeRoom?: () => Promise<void> } = {},
): Loaded<PredictionNetwork> {
  const sessions = new LazySessions(options, makeRoom)
  const changed = derivation === undefined ? file : withChanges(file, derivation, 'denoiser')
  const sessionBytes = countPrefixBytes(file, detected.unet.prefix)
  return {
    value: prepareUnet(changed, detected.unet, sessions),
    // Folded weights are copies, changed or not; each session has its own.
    get costBytes() {
      return sessionBytes * Math.max(sessions.count, 1) + sessions.furtherBytes
    },
    trim: (before) => sessions.trim(before),
    release: () => sessions.release(),
  }
}
