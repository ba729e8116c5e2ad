import { AttributeProto, ModelProto, NodeProto, TensorProto, ValueInfoProto } from '@atelier/proto/onnx'
import { CheckpointError } from '../checkpoint/checkpoint-error.ts'
import type { Dtype } from '../checkpoint/dtype.ts'
import { readTensorBytes } from '../checkpoint/weight-file.ts'
import {
  MICROSOFT,
  type Attribute,
  type Constant,
  type Graph,
  type Op,
  type Port,
  type Weight,
} from './graph-builder.ts'

/** ONNX's numbers of the element types that weights may have. */
const DATA_TYPES: Partial<Record<Dtype, number>> = {
  F32: 1,
  I64: 7,
  F16: 10,
  F64: 11,
  BF16: 16,
  F8_E4M3: 17,
  F8_E5M2: 19,
}
/** Opset 20 has Gelu; ONNX Runtime 1.30 runs it natively on CPU and CUDA. */
const OPSET = 20n
const IR_VERSION = 9n

/** Writes a graph as an ONNX model: constants inside, weights as places in their files. */
export function toModelBytes(graph: Graph): Uint8Array {
  const model = ModelProto.fromPartial({
    irVersion: IR_VERSION,
    opsetImport: [
      { domain: '', version: OPSET },
      { domain: MICROSOFT, version: 1n },
    ],
    graph: {
      name: 'network',
      node: graph.ops.map(toNode),
      initializer: [...graph.constants.map(toInlineTensor), ...graph.weights.map(toExternalTensor)],
      input: graph.inputs.map(toValueInfo),
      output: graph.outputs.map(toValueInfo),
    },
  })
  return ModelProto.encode(model).finish()
}

function toNode(op: Op, index: number): NodeProto {
  return NodeProto.fromPartial({
    name: `${op.type}_${index}`,
    opType: op.type,
    domain: op.domain,
    input: [...op.inputs],
    output: [...op.outputs],
    attribute: Object.entries(op.attributes).map(([name, value]) => toAttribute(name, value)),
  })
}

function toAttribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return AttributeProto.fromPartial({ name, type: 2, i: BigInt(value) })
  if (typeof value === 'string') return AttributeProto.fromPartial({ name, type: 3, s: Buffer.from(value) })
  if ('float' in value) return AttributeProto.fromPartial({ name, type: 1, f: value.float })
  return AttributeProto.fromPartial({ name, type: 7, ints: value.map(BigInt) })
}

function toInlineTensor({ name, dtype, shape, values }: Constant): TensorProto {
  const array = dtype === 'F32' ? Float32Array.from(values) : BigInt64Array.from(values, BigInt)
  return TensorProto.fromPartial({
    name,
    dims: shape.map(BigInt),
    dataType: DATA_TYPES[dtype] ?? 0,
    rawData: new Uint8Array(array.buffer),
  })
}

function toExternalTensor(weight: Weight): TensorProto {
  const { name, dtype, shape, path, offset, byteLength } = weight
  const dataType = DATA_TYPES[dtype]
  if (dataType === undefined) {
    throw new CheckpointError(
      'unknown-structure',
      path,
      `tensor "${name}" has the type ${dtype}, which no network uses`,
    )
  }
  const tensor = { name, dims: shape.map(BigInt), dataType }
  // Elements that do not follow each other cannot be used where they lie.
  if (weight.strides !== undefined)
    return TensorProto.fromPartial({ ...tensor, rawData: readTensorBytes(weight, weight) })
  return TensorProto.fromPartial({
    ...tensor,
    dataLocation: 1,
    externalData: [
      // The session's folder is the root of the file system, so locations are absolute paths without their slash.
      { key: 'location', value: path.replace(/^\/+/, '') },
      { key: 'offset', value: String(offset) },
      { key: 'length', value: String(byteLength) },
    ],
  })
}

function toValueInfo({ name, dtype, shape }: Port): ValueInfoProto {
  return ValueInfoProto.fromPartial({
    name,
    type: {
      tensorType: {
        elemType: DATA_TYPES[dtype] ?? 0,
        ...(shape && { shape: { dim: shape.map(toDimension) } }),
      },
    },
  })
}

function toDimension(size: number | string) {
  return typeof size === 'number'
    ? { value: { $case: 'dimValue' as const, value: BigInt(size) } }
    : { value: { $case: 'dimParam' as const, value: size } }
}
