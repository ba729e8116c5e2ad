import koffi from 'koffi'
import { CUDA_RUNTIME } from '../../../../devices/cuda-libraries.ts'
import { cudaIndexOf } from '../cuda-index.ts'
import type { OrtApi } from './ort-api.ts'

/** Memory of a device. Copies are done when they return. */
export interface DeviceMemory {
  /** Its `OrtMemoryInfo`. */
  readonly memory: bigint
  /** Address of so many bytes. */
  allocate(bytes: number): bigint
  free(address: bigint): void
  upload(address: bigint, source: NodeJS.TypedArray): void
  download(target: NodeJS.TypedArray, address: bigint): void
  /** What was uploaded is there for every stream. */
  settle(): void
}

/** cudaMemcpyKind. */
const HOST_TO_DEVICE = 1
const DEVICE_TO_HOST = 2

/**
 * Memory of an NVIDIA GPU, through the CUDA runtime that ONNX Runtime's provider uses.
 * @throws Error when the device is none, or the library is not there
 */
export function openCudaMemory(api: OrtApi, device: string): DeviceMemory {
  const id = cudaIndexOf(device)
  if (id === undefined) throw new Error(`${device} is no GPU`)
  const cuda = loadCudaRuntime()
  cuda.check('cudaSetDevice', id)
  return {
    // OrtDeviceAllocator, OrtMemTypeDefault.
    memory: api.make('CreateMemoryInfo', 'Cuda', 0, id, 0),
    allocate(bytes) {
      const made: (bigint | null)[] = [null]
      cuda.check('cudaMalloc', made, bytes)
      return made[0]!
    },
    free: (address) => cuda.check('cudaFree', address),
    upload: (address, source) => cuda.check('cudaMemcpy', address, source, source.byteLength, HOST_TO_DEVICE),
    download: (target, address) =>
      cuda.check('cudaMemcpy', target, address, target.byteLength, DEVICE_TO_HOST),
    // A copy from pageable memory returns when it is staged; ONNX Runtime's streams do not wait for the default one.
    settle: () => cuda.check('cudaDeviceSynchronize'),
  }
}

function loadCudaRuntime() {
  const library = koffi.load(CUDA_RUNTIME)
  const functions: Readonly<Record<string, (...args: readonly unknown[]) => unknown>> = {
    cudaSetDevice: library.func('int cudaSetDevice(int device)'),
    cudaMalloc: library.func('int cudaMalloc(_Out_ void **address, size_t bytes)'),
    cudaFree: library.func('int cudaFree(void *address)'),
    cudaMemcpy: library.func('int cudaMemcpy(void *target, void *source, size_t bytes, int kind)'),
    cudaDeviceSynchronize: library.func('int cudaDeviceSynchronize()'),
  }
  const describe = library.func('const char *cudaGetErrorString(int error)')
  return {
    /** In the words ONNX Runtime has for CUDA's errors, by which they are known (engine-error.ts). */
    check(name: string, ...args: readonly unknown[]): void {
      const error = functions[name]!(...args) as number
      if (error !== 0) throw new Error(`CUDA failure ${error}: ${describe(error)} ; ${name}`)
    },
  }
}
