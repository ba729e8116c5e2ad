import { withRounding, type F8Type } from '../adapters/round-weight.ts'
import { detectModel, type DetectedModel } from '../checkpoint/detect-model.ts'
import { readModel } from '../checkpoint/read-model.ts'
import { withSidecar } from '../checkpoint/sidecar.ts'
import { countF32Bytes, type WeightFile } from '../checkpoint/weight-file.ts'

/** A checkpoint's file and what it holds. */
export interface CheckpointSource {
  readonly file: WeightFile
  readonly detected: DetectedModel
}

/**
 * Reads a checkpoint's header, and the configuration beside it where there is one, and recognises it.
 * @throws CheckpointError when the file is malformed or of an unknown kind
 */
export function openCheckpoint(path: string): CheckpointSource {
  const file = withSidecar(readModel(path))
  return { file, detected: detectModel(file) }
}

/** A checkpoint whose denoiser's weights are rounded to an eight-bit float; without a type, as it is. */
export function roundDenoiser(source: CheckpointSource, type: F8Type | undefined): CheckpointSource {
  if (type === undefined) return source
  return { ...source, file: withRounding(source.file, source.detected.unet.prefix, type) }
}

/** Bytes that tensors with a prefix take as f32. */
export function countPrefixBytes(file: WeightFile, prefix: string): number {
  const own = [...file.tensors].filter(([name]) => name.startsWith(prefix))
  return countF32Bytes({ ...file, tensors: new Map(own) })
}
