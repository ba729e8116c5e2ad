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

/** Bytes that tensors with a prefix take as f32. */
export function countPrefixBytes(file: WeightFile, prefix: string): number {
  const own = [...file.tensors].filter(([name]) => name.startsWith(prefix))
  return countF32Bytes({ ...file, tensors: new Map(own) })
}
