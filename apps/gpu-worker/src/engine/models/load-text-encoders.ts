import type { TextEncoderConfig } from '../checkpoint/detect-text.ts'
import { TEXT_USES } from '../checkpoint/detect-text.ts'
import { openTextEncoderFile, useAs } from '../checkpoint/separate-files.ts'
import { countF32Bytes, type WeightFile } from '../checkpoint/weight-file.ts'
import { LazySessions } from '../onnx/lazy-sessions.ts'
import type { SessionOptions } from '../onnx/session.ts'
import type { TextEncoder } from '../text-encode/text-encoder.ts'
import type { Loaded } from './load-model.ts'
import { prepareTextEncoder } from './prepare-text-encoder.ts'

interface Opened {
  readonly file: WeightFile
  readonly config: TextEncoderConfig
}

/**
 * Opens text encoder files: one, or the two of SDXL in either order. Sessions are made at their first use.
 * @throws CheckpointError when one holds none
 */
export function loadTextEncoders(
  paths: readonly string[],
  options: SessionOptions,
): Loaded<readonly TextEncoder[]> {
  const opened = paths.map((path) => openTextEncoderFile(path))
  const [first, second] = opened
  const used = first !== undefined && second !== undefined ? pair(first, second) : opened
  const sessions = new LazySessions(options)
  return {
    value: used.map(({ file, config }) => prepareTextEncoder(file, config, sessions)),
    costBytes: opened.reduce((sum, { file }) => sum + countF32Bytes(file), 0),
    release: () => sessions.release(),
  }
}

/** SDXL's encoders in their order: the one in OpenCLIP's layout, or else the larger, is the second. */
function pair(first: Opened, second: Opened): Opened[] {
  const isLarger = ({ config: a }: Opened, { config: b }: Opened) =>
    a.layout === b.layout ? a.width > b.width || a.layers > b.layers : a.layout === 'openclip'
  const [small, large] = isLarger(first, second) ? [second, first] : [first, second]
  return [small, large].map(({ file, config }, index) => ({
    file,
    config: useAs(config, TEXT_USES.sdxl[index]!),
  }))
}
