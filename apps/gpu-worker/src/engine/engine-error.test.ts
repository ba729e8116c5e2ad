import { describe, expect, it } from 'vitest'
import { CheckpointError } from './checkpoint/checkpoint-error.ts'
import { EngineError, isDeviceLost, isOutOfMemory, toJobError } from './engine-error.ts'

// As ONNX Runtime's CUDA provider words them (core/providers/cuda/cuda_call.cc, framework/bfc_arena.cc).
const cuda = (number: number, text: string) =>
  new Error(
    `CUDA failure ${number}: ${text} ; GPU=0 ; hostname=node-7 ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/gpu_data_transfer.cc ; line=73 ; expr=cudaMemcpyAsync(dst_data, src_data, bytes, cudaMemcpyDeviceToHost, stream);`,
  )
const ARENA = new Error(
  "Non-zero status code returned while running NhwcConv node. Name:'' Status Message: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:376 void* onnxruntime::BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 536870912",
)

describe('a lost device', () => {
  it.each([
    [700, 'an illegal memory access was encountered'],
    [719, 'unspecified launch failure'],
    [702, 'the launch timed out and was terminated'],
    [999, 'unknown error'],
    [46, 'all CUDA-capable devices are busy or unavailable'],
    [100, 'no CUDA-capable device is detected'],
  ])('is known by CUDA failure %d', (number, text) => {
    expect(isDeviceLost(cuda(number, text))).toBe(true)
    expect(isOutOfMemory(cuda(number, text))).toBe(false)
  })

  it.each([
    cuda(2, 'out of memory'),
    cuda(1, 'invalid argument'),
    ARENA,
    new Error('GPU=0'),
    'CUDA failure 700',
  ])('is not meant by %s', (error) => {
    expect(isDeviceLost(error)).toBe(false)
  })
})

describe('the error a job ends with', () => {
  it.each([ARENA, cuda(2, 'out of memory'), new Error('std::bad_alloc')])(
    'is a typed one that may be tried again where memory ran out',
    (error) => {
      expect(toJobError(error)).toMatchObject({
        ...{ code: 'out-of-memory', retryable: true, exceptionType: 'torch.OutOfMemoryError' },
        message: error.message,
      })
    },
  )

  it('is the engine’s own, a checkpoint’s, or one of ours', () => {
    const given = new EngineError('not-a-number', 'no numbers', { exceptionType: 'NansException' })
    expect(toJobError(given)).toMatchObject({ code: 'not-a-number', exceptionType: 'NansException' })
    expect(toJobError(new CheckpointError('unreadable', '/x', 'it ends early')).code).toBe('unusable-model')
    expect(toJobError(cuda(1, 'invalid argument')).code).toBe('internal')
    expect(toJobError('thrown as text')).toMatchObject({ code: 'internal', message: 'thrown as text' })
  })
})
