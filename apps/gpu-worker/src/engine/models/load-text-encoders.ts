import { withChanges, type Derivation } from '../adapters/derive-weights.ts'
import { TEXT_USES, type TextEncoderConfig } from '../checkpoint/detect-text.ts'
import { openTextEncoderFile, useAs } from '../checkpoint/separate-files.ts'
import { countF32Bytes, type WeightFile } from '../checkpoint/weight-file.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import type { TextEncoder } from '../text-encode/text-encoder.ts'
import type { Loaded } from './loaded.ts'
import { prepareTextEncoder } from './prepare-text-encoder.ts'

/** A text encoder file and how it is used. */
export interface OpenedText {
  readonly file: WeightFile
  readonly config: TextEncoderConfig
}

/**
 * Opens text encoder files: one, or the two of SDXL in either order.
 * @throws CheckpointError when one holds none
 */
export function openTextFiles(paths: readonly string[]): readonly OpenedText[] {
  const opened = paths.map((path) => openTextEncoderFile(path))
  const [first, second] = opened
  return first !== undefined && second !== undefined ? pair(first, second) : opened
}

/** Text encoder files ready to be called, changed by adapters or not; sessions are made at their first use. */
export function loadTextEncoders(
  opened: readonly OpenedText[],
  options: SessionOptions,
  derivation?: Derivation,
): Loaded<readonly TextEncoder[]> {
  const sessions = new LazySessions(options)
  return {
    value: opened.map(({ file, config }) => {
      const changed = derivation === undefined ? file : withChanges(file, derivation, config.key)
      return prepareTextEncoder(changed, config, sessions)
    }),
    costBytes: opened.reduce((sum, { file }) => sum + countF32Bytes(file), 0),
    trim: (before) => sessions.trim(before),
    release: () => sessions.release(),
  }
}

/** SDXL's encoders in their order: the one in OpenCLIP's layout, or else the larger, is the second. */
function pair(first: OpenedText, second: OpenedText): OpenedText[] {
  const isLarger = ({ config: a }: OpenedText, { config: b }: OpenedText) =>
    a.layout === b.layout ? a.width > b.width || a.layers > b.layers : a.layout === 'openclip'
  const [small, large] = isLarger(first, second) ? [second, first] : [first, second]
  return [small, large].map(({ file, config }, index) => ({
    file,
    config: useAs(config, TEXT_USES.sdxl[index]!),
  }))
}
