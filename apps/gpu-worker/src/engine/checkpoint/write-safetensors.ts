import type { Tensor } from '../tensor/tensor.ts'

/** Headers end at a multiple of this many bytes. */
const ALIGNMENT = 8

/** A `.safetensors` file of f32 tensors, in the order given, with texts beside them. */
export function formatSafetensors(
  tensors: readonly (readonly [name: string, tensor: Tensor])[],
  metadata: ReadonlyMap<string, string>,
): Uint8Array {
  let offset = 0
  const entries = tensors.map(([name, { shape, data }]): [string, unknown] => {
    const start = offset
    offset += 4 * data.length
    return [name, { dtype: 'F32', shape, data_offsets: [start, offset] }]
  })
  const texts = metadata.size === 0 ? [] : [['__metadata__', Object.fromEntries(metadata)] as const]
  const json = Buffer.from(JSON.stringify(Object.fromEntries([...texts, ...entries])))
  const header = Buffer.alloc(Math.ceil(json.length / ALIGNMENT) * ALIGNMENT, ' ')
  json.copy(header)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const parts = tensors.map(([, { data }]) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))
  return new Uint8Array(Buffer.concat([length, header, ...parts]))
}
