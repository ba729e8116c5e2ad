import koffi from 'koffi'
import { createTensor, type Tensor } from '../../../tensor/tensor.ts'
import type { SessionInputs } from '../../network-session.ts'
import type { OrtApi } from './ort-api.ts'

/** ONNX's numbers of the element types that cross. */
export const F32 = 1
export const I64 = 7

/** Memory that a value lies in: `OrtMemoryInfo` and the address, or an array of this process. */
export interface Place {
  readonly memory: bigint
  readonly data: NodeJS.TypedArray | bigint
  readonly bytes: number
}

/** The elements of an input. */
export function elementsOf(value: SessionInputs[string]): Float32Array | BigInt64Array {
  return 'integers' in value ? value.integers : value.data
}

/** An ONNX Runtime value of an input's shape over memory that must outlive it. */
export function wrapInput(api: OrtApi, value: SessionInputs[string], place: Place): bigint {
  return wrapMemory(api, value.shape, 'integers' in value ? I64 : F32, place)
}

/** An ONNX Runtime value over memory that must outlive it. */
export function wrapMemory(
  api: OrtApi,
  shape: readonly number[],
  elementType: number,
  { memory, data, bytes }: Place,
): bigint {
  const sizes = BigInt64Array.from(shape, BigInt)
  return api.make(
    'CreateTensorWithDataAsOrtValue',
    ...[memory, data, bytes, sizes, sizes.length, elementType],
  )
}

/**
 * A copy of an f32 value in this process's memory.
 * @throws Error when its elements are of another type
 */
export function readValue(api: OrtApi, value: bigint): Tensor {
  const tensor = createTensor(readShape(api, value))
  const { byteLength } = tensor.data
  if (byteLength === 0) return tensor
  const data = api.make('GetTensorMutableData', value)
  tensor.data.set(new Float32Array(koffi.view(data, byteLength)))
  return tensor
}

/** Shape of an f32 value. @throws Error when its elements are of another type */
function readShape(api: OrtApi, value: bigint): readonly number[] {
  const info = api.make('GetTensorTypeAndShape', value)
  try {
    const { elementType, shape } = readTensorInfo(api, info)
    if (elementType !== F32) throw new Error(`an output has elements of ONNX's type ${elementType}, not f32`)
    return shape
  } finally {
    api.call('ReleaseTensorTypeAndShapeInfo', info)
  }
}

/** What a `TensorTypeAndShapeInfo` says; sizes below 0 are free. */
export function readTensorInfo(
  api: OrtApi,
  info: bigint,
): { readonly elementType: number; readonly shape: readonly number[] } {
  const shape = new BigInt64Array(Number(api.make('GetDimensionsCount', info)))
  api.call('GetDimensions', info, shape, shape.length)
  return { elementType: Number(api.make('GetTensorElementType', info)), shape: Array.from(shape, Number) }
}

/** `OrtRunOptions` of calls that belong to a captured graph; -1: to none. */
export function makeRunOptions(api: OrtApi, graph: string): bigint {
  const options = api.make('CreateRunOptions')
  api.call('AddRunConfigEntry', options, 'gpu_graph_id', graph)
  return options
}
