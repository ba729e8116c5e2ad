import { writeFileSync } from 'node:fs'
import type { Tensor } from '../../apps/gpu-worker/src/engine/tensor/tensor.ts'

/** Writes f32 tensors as a `.safetensors` file. */
export function writeSafetensors(
  path: string,
  tensors: readonly (readonly [name: string, tensor: Tensor])[],
  metadata: Readonly<Record<string, string>> = {},
): void {
  let offset = 0
  const entries = tensors.map(([name, { shape, data }]) => {
    const start = offset
    offset += 4 * data.length
    return [name, { dtype: 'F32', shape, data_offsets: [start, offset] }] as const
  })
  const header = Buffer.from(JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) }))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const parts = tensors.map(([, { data }]) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  writeFileSync(path, Buffer.concat([length, header, ...parts]))
}
