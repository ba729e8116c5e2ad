import { readFileSync } from 'node:fs'
import { readWeightFile } from '../../apps/gpu-worker/src/engine/checkpoint/read-weight-file.ts'
import { readTensor } from '../../apps/gpu-worker/src/engine/checkpoint/read-tensor.ts'
import type { Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'

/** Cases of a JSON-lines file: split at line feeds only, texts may hold other separators. */
export function readLines<T>(path: string): T[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

/** Tensors of a safetensors file by name. */
export function openTensors(path: string): (name: string) => Tensor {
  const file = readWeightFile(path)
  return (name) => readTensor(file, name)
}

/** A tolerance relative to the expected value. */
export const relative = (tolerance: number) => (value: number) => tolerance * Math.abs(value) + 1e-12
/** A tolerance that is the same for every value. */
export const absolute = (tolerance: number) => () => tolerance
