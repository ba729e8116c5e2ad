import { describe, expect, it } from 'vitest'
import type { CudaLibraries } from './cuda-libraries.ts'
import { findKnownFault } from './known-faults.ts'

const LIBRARIES: CudaLibraries = {
  ...{ version: '1.30.0', providerVersion: '1.30.0', missing: [] },
  ...{ providerFolder: '/runtime', cudaFolder: '/runtime/cuda' },
}

describe('findKnownFault', () => {
  it('finds none where everything is in order, or the provider tells no version', () => {
    expect(findKnownFault('580.65.06', LIBRARIES)).toBeUndefined()
    expect(findKnownFault('595.1', { ...LIBRARIES, providerVersion: undefined })).toBeUndefined()
    // "[N/A]": the driver does not tell; the test decides.
    expect(findKnownFault('[N/A]', LIBRARIES)).toBeUndefined()
  })

  it.each<[string, string, Partial<CudaLibraries>, string]>([
    [
      'an old driver',
      '535.104.05',
      {},
      'the NVIDIA driver 535.104.05 is too old for CUDA 13; install driver 580 or newer',
    ],
    [
      'missing libraries',
      '580.65.06',
      { missing: ['libonnxruntime_providers_cuda.so', 'libcudnn.so.9'] },
      'libraries are missing: libonnxruntime_providers_cuda.so, libcudnn.so.9; run: npm run install:cuda',
    ],
    [
      'a provider of another version',
      '580.65.06',
      { providerVersion: '1.29.1' },
      'the CUDA provider is of ONNX Runtime 1.29.1, not 1.30.0; run: npm run install:cuda',
    ],
  ])('says in one line what to do about %s', (_, driver, libraries, line) => {
    expect(findKnownFault(driver, { ...LIBRARIES, ...libraries })).toBe(line)
  })
})
