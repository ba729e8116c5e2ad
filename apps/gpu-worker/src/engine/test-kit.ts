import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { readSafetensors } from './checkpoint/safetensors.ts'
import { readTensor } from './checkpoint/read-tensor.ts'
import { formatSafetensors } from './checkpoint/write-safetensors.ts'
import type { SessionOptions } from './onnx/session.ts'
import type { Tensor } from './tensor/tensor.ts'

/** Sessions as tests make them: the CPU, any file. */
export const TEST_SESSION: SessionOptions = { device: 'cpu', threads: 1, isAllowedFile: () => true }

/** Unpacks the tiny SD1 checkpoint to a temporary folder and returns its path. */
export function unpackTinyCheckpoint(): string {
  const path = join(mkdtempSync(join(tmpdir(), 'tiny-')), 'sd1.safetensors')
  writeFileSync(path, gunzipSync(readFileSync(new URL('__fixtures__/sd1.safetensors.gz', import.meta.url))))
  return path
}

/** Unpacks the tiny SD1 checkpoint with tensors of another file in place of its own, and returns the path. */
export function unpackVariant(overlay: URL): string {
  const path = unpackTinyCheckpoint()
  const own = readSafetensors(path)
  const other = readSafetensors(overlay.pathname)
  const tensors = [...own.tensors.keys()].map(
    (name) => [name, readTensor(other.tensors.has(name) ? other : own, name)] as const,
  )
  writeFileSync(path, formatSafetensors(tensors, new Map()))
  return path
}

/** Reads fixture tensors by name, and fixture cases line by line. */
export function openFixture(url: URL): { tensor(name: string): Tensor; has(name: string): boolean } {
  const file = readSafetensors(url.pathname)
  return { tensor: (name) => readTensor(file, name), has: (name) => file.tensors.has(name) }
}

/** The cases of a JSON-lines fixture. */
export function readCases<T>(url: URL): T[] {
  return readFileSync(url, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T)
}

/** Largest absolute difference of two tensors of one shape; Infinity when shapes differ or a value is NaN. */
export function maxDifference(a: Tensor, b: Tensor): number {
  if (a.shape.join() !== b.shape.join()) return Infinity
  let worst = 0
  for (let i = 0; i < a.data.length; i += 1) {
    const difference = Math.abs(a.data[i]! - b.data[i]!)
    if (!(difference <= worst)) worst = Number.isNaN(difference) ? Infinity : difference
  }
  return worst
}
