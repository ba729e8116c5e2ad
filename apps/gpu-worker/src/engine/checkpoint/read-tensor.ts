import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { float8E4m3ToFloat, float8E5m2ToFloat, halfToFloat } from '../tensor/float-formats.ts'
import { CheckpointError } from './checkpoint-error.ts'
import type { Dtype } from './dtype.ts'
import { readTensorBytes, type WeightFile } from './weight-file.ts'

const HALF_TABLE = Float32Array.from({ length: 65_536 }, (_, bits) => halfToFloat(bits))
const E4M3_TABLE = Float32Array.from({ length: 256 }, (_, bits) => float8E4m3ToFloat(bits))
const E5M2_TABLE = Float32Array.from({ length: 256 }, (_, bits) => float8E5m2ToFloat(bits))

/**
 * A tensor of the file as f32.
 * @throws CheckpointError `unknown-structure` when it is not there or its type has no f32 value
 */
export function readTensor(file: WeightFile, name: string): Tensor {
  const entry = file.tensors.get(name)
  if (entry === undefined)
    throw new CheckpointError('unknown-structure', file.path, `it has no tensor "${name}"`)
  const values = toFloats(readTensorBytes(file, entry), entry.dtype)
  if (values === undefined) {
    throw new CheckpointError(
      'unknown-structure',
      file.path,
      `tensor "${name}" has the type ${entry.dtype}, which is no number here`,
    )
  }
  return createTensor(entry.shape, values)
}

/** Little-endian values as f32; undefined for types without one. Integers beyond 2^24 lose precision. */
function toFloats(bytes: Uint8Array, dtype: Dtype): Float32Array | undefined {
  const aligned = new Uint8Array(bytes).buffer
  switch (dtype) {
    case 'F32':
      return new Float32Array(aligned)
    case 'F16':
      return Float32Array.from(new Uint16Array(aligned), (bits) => HALF_TABLE[bits]!)
    case 'BF16':
      return new Float32Array(Uint32Array.from(new Uint16Array(aligned), (bits) => bits * 65_536).buffer)
    case 'F64':
      return Float32Array.from(new Float64Array(aligned))
    case 'F8_E4M3':
      return Float32Array.from(new Uint8Array(aligned), (bits) => E4M3_TABLE[bits]!)
    case 'F8_E5M2':
      return Float32Array.from(new Uint8Array(aligned), (bits) => E5M2_TABLE[bits]!)
    case 'I64':
      return Float32Array.from(new BigInt64Array(aligned), Number)
    case 'U64':
      return Float32Array.from(new BigUint64Array(aligned), Number)
    case 'I32':
      return Float32Array.from(new Int32Array(aligned))
    case 'U32':
      return Float32Array.from(new Uint32Array(aligned))
    case 'I16':
      return Float32Array.from(new Int16Array(aligned))
    case 'U16':
      return Float32Array.from(new Uint16Array(aligned))
    case 'I8':
      return Float32Array.from(new Int8Array(aligned))
    case 'U8':
    case 'BOOL':
      return Float32Array.from(new Uint8Array(aligned))
    default:
      return undefined
  }
}
