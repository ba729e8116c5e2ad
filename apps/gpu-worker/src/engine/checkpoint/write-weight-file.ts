import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { countElements } from '../tensor/tensor.ts'
import { DTYPE_BITS, type Dtype } from './dtype.ts'

/** A tensor of a file to be written; its bytes are made when they are needed. */
export interface PlannedTensor {
  readonly name: string
  readonly dtype: Dtype
  readonly shape: readonly number[]
  /** Little-endian elements, one after the other. */
  readonly read: () => Uint8Array
}

/** Headers end at a multiple of this many bytes. */
const ALIGNMENT = 8

/** The first bytes of a `.safetensors` file: the length of the header, and the header. */
export function formatHeader(
  tensors: readonly Omit<PlannedTensor, 'read'>[],
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  let offset = 0
  const entries = tensors.map(({ name, dtype, shape }): [string, unknown] => {
    const start = offset
    offset += (countElements(shape) * DTYPE_BITS[dtype]) / 8
    return [name, { dtype, shape, data_offsets: [start, offset] }]
  })
  const texts = Object.keys(metadata).length === 0 ? [] : [['__metadata__', metadata] as const]
  const json = Buffer.from(JSON.stringify(Object.fromEntries([...texts, ...entries])))
  const header = Buffer.alloc(8 + Math.ceil(json.length / ALIGNMENT) * ALIGNMENT, ' ')
  header.writeBigUInt64LE(BigInt(header.length - 8))
  json.copy(header, 8)
  return header
}

/** Writes a `.safetensors` file tensor by tensor; it has its name when it is whole. */
export function writeWeightFile(
  path: string,
  tensors: readonly PlannedTensor[],
  metadata: Readonly<Record<string, string>> = {},
): void {
  const unfinished = `${path}.unfinished`
  const descriptor = openSync(unfinished, 'wx')
  try {
    writeAll(descriptor, formatHeader(tensors, metadata))
    for (const { read } of tensors) writeAll(descriptor, read())
    closeSync(descriptor)
    renameSync(unfinished, path)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at)
}
