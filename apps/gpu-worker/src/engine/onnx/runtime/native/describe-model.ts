import koffi from 'koffi'
import type { ModelInput } from '../model-runtime.ts'
import type { OrtApi } from './ort-api.ts'
import { F32, readTensorInfo } from './values.ts'

/** The inputs of a loaded model. */
export function readInputs(api: OrtApi, session: bigint): readonly ModelInput[] {
  return readNames(api, session, 'Input').map((name, place) => {
    const type = api.make('SessionGetInputTypeInfo', session, place)
    try {
      // Part of the type; null where the input is no tensor.
      const info = api.make('CastTypeInfoToTensorInfo', type)
      if (info === 0n) return { name, isFloat: false, shape: [] }
      const { elementType, shape } = readTensorInfo(api, info)
      return {
        ...{ name, isFloat: elementType === F32 },
        shape: shape.map((size) => (size >= 0 ? size : undefined)),
      }
    } finally {
      api.call('ReleaseTypeInfo', type)
    }
  })
}

/** The names of a loaded model's outputs. */
export function readOutputs(api: OrtApi, session: bigint): readonly string[] {
  return readNames(api, session, 'Output')
}

function readNames(api: OrtApi, session: bigint, which: 'Input' | 'Output'): readonly string[] {
  const allocator = api.make('GetAllocatorWithDefaultOptions')
  const count = Number(api.make(`SessionGet${which}Count`, session))
  return Array.from({ length: count }, (_, place) => {
    const text = api.make(`SessionGet${which}Name`, session, place, allocator)
    try {
      return koffi.decode.string(text) as string
    } finally {
      api.call('AllocatorFree', allocator, text)
    }
  })
}
