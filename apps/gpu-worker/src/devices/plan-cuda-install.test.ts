import { describe, expect, it } from 'vitest'
import { chooseWheel, listWheels, type IndexedFile } from './plan-cuda-install.ts'

const file = (filename: string): IndexedFile => ({
  filename,
  url: `https://files.example/${filename}`,
  size: 1,
  digests: { sha256: '00' },
})
const [provider, , cublas] = listWheels('1.30.0')

describe('listWheels', () => {
  // Names as the wheels of onnxruntime-gpu 1.30.0 and nvidia-cublas 13 hold them.
  it.each([
    ['onnxruntime/capi/libonnxruntime_providers_cuda.so', true],
    ['onnxruntime/capi/libonnxruntime_providers_shared.so', true],
    ['onnxruntime/capi/libonnxruntime_providers_tensorrt.so', false],
    ['onnxruntime/capi/onnxruntime_pybind11_state.cpython-312-x86_64-linux-gnu.so', false],
    ['onnxruntime/capi/libonnxruntime.so.1.30.0', false],
  ])('takes of the provider what is needed: %s %s', (path, isTaken) => {
    expect(provider!.takes(path)).toBe(isTaken)
  })

  it.each([
    ['nvidia/cu13/lib/libcublas.so.13', true],
    ['nvidia/cu13/lib/libcublasLt.so.13', true],
    ['nvidia/cudnn/lib/libcudnn.so.9', true],
    ['nvidia/cu13/include/cublas.h', false],
    ['nvidia/../lib/evil.so/..', false],
  ])('takes libraries alone of NVIDIA’s: %s %s', (path, isTaken) => {
    expect(cublas!.takes(path)).toBe(isTaken)
  })
})

describe('chooseWheel', () => {
  it('takes the exact version of the provider, for Linux x64', () => {
    const releases = {
      '1.31.0': [file('onnxruntime_gpu-1.31.0-cp312-cp312-manylinux_2_28_x86_64.whl')],
      '1.30.0': [
        file('onnxruntime_gpu-1.30.0-cp312-cp312-win_amd64.whl'),
        file('onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl'),
      ],
    }
    expect(chooseWheel({ releases }, provider!).filename).toBe(
      'onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl',
    )
  })

  it('takes the newest of a major version, by number and not by letter', () => {
    const releases = Object.fromEntries(
      ['13.9.0', '13.10.1', '12.4.0', '14.0.0', '13.11.0rc1'].map((version) => [
        version,
        [file(`nvidia_cublas-${version}-py3-none-manylinux_2_27_x86_64.whl`)],
      ]),
    )
    expect(chooseWheel({ releases }, cublas!).version).toBe('13.10.1')
  })

  it('passes over a version without a wheel for this platform', () => {
    const releases = {
      '13.2.0': [file('nvidia_cublas-13.2.0-py3-none-manylinux_2_27_aarch64.whl')],
      '13.1.0': [file('nvidia_cublas-13.1.0-py3-none-manylinux_2_27_x86_64.whl')],
    }
    expect(chooseWheel({ releases }, cublas!).version).toBe('13.1.0')
  })

  it('names what the index does not have', () => {
    expect(() => chooseWheel({ releases: {} }, provider!)).toThrow(
      'the package index has no wheel of onnxruntime-gpu 1.30.0 for Linux x64',
    )
  })
})
