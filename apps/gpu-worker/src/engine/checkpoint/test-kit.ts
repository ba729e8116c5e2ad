import { writeFileSync } from 'node:fs'
import { readTensorBytes, type TensorEntry, type WeightFile } from './weight-file.ts'

/** Writes tensors of a file as another safetensors file, under the names given. */
export function writeTensors(path: string, source: WeightFile, names: ReadonlyMap<string, string>): void {
  const header: Record<string, unknown> = {}
  const parts: Uint8Array[] = []
  let at = 0
  for (const [name, from] of names) {
    const entry: TensorEntry = source.tensors.get(from)!
    header[name] = { dtype: entry.dtype, shape: entry.shape, data_offsets: [at, at + entry.byteLength] }
    parts.push(readTensorBytes(source, entry))
    at += entry.byteLength
  }
  const json = Buffer.from(JSON.stringify(header))
  const length = Buffer.from(BigUint64Array.of(BigInt(json.length)).buffer)
  writeFileSync(path, Buffer.concat([length, json, ...parts]))
}
