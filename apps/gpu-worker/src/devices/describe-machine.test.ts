import { describe, expect, it } from 'vitest'
import { describeMachine, toLines, type MachineProbes } from './describe-machine.ts'
import type { CudaLibraries } from './cuda-libraries.ts'

const LIBRARIES: CudaLibraries = {
  version: '1.30.0',
  providerFolder: '/runtime',
  cudaFolder: '/runtime/cuda',
  providerVersion: '1.30.0',
  missing: [],
}
const GPU = { index: 0, title: 'NVIDIA H200', memoryTotalBytes: 140 * 2 ** 30, memoryFreeBytes: 70 * 2 ** 30 }

const probes = (
  driver: string | undefined,
  libraries: Partial<CudaLibraries> = {},
  fault?: string,
): MachineProbes => ({
  list: async () =>
    driver === undefined ? { gpus: [], reason: 'there is no NVIDIA driver' } : { gpus: [{ ...GPU, driver }] },
  find: () => ({ ...LIBRARIES, ...libraries }),
  prove: async () => fault,
})
const describeWith = async (...from: Parameters<typeof probes>) =>
  new Map((await describeMachine({}, probes(...from))).map((finding) => [finding.subject, finding]))

describe('describeMachine', () => {
  it('finds a machine with everything in order', async () => {
    const findings = await describeWith('580.65.06')
    expect([...findings.values()].map(({ state }) => state)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok'])
    expect(findings.get('cuda:0')!.text).toBe(
      'NVIDIA H200, 70.0 GiB of 140.0 GiB free; it calculates as the CPU does, with captured graphs',
    )
  })

  it('says what a machine without a GPU lacks, and nothing of devices', async () => {
    const findings = await describeWith(undefined)
    expect(findings.get('NVIDIA driver')).toMatchObject({
      state: 'missing',
      text: 'there is no NVIDIA driver',
      mend: 'install the NVIDIA driver, 580 or newer',
    })
    expect([...findings.keys()].some((subject) => subject.startsWith('cuda:'))).toBe(false)
  })

  it('names a driver that is too old for the libraries', async () => {
    expect((await describeWith('535.104.05')).get('NVIDIA driver')).toMatchObject({
      state: 'failed',
      text: '535.104.05 is too old for CUDA 13',
    })
  })

  it('names the libraries that are missing and the command that brings them, and tests no device without', async () => {
    const missing = ['libonnxruntime_providers_cuda.so', 'libcudnn.so.9']
    const findings = await describeWith('580.65.06', { missing })
    expect(findings.get('ONNX Runtime 1.30.0')).toMatchObject({
      text: 'missing: libonnxruntime_providers_cuda.so',
      mend: 'npm run install:cuda',
    })
    expect(findings.get('CUDA and cuDNN')).toMatchObject({ text: 'missing: libcudnn.so.9', state: 'missing' })
    expect(findings.get('cuda:0')).toMatchObject({ state: 'failed' })
    expect(findings.get('cuda:0')!.text).toContain('not tested')
  })

  it('names a provider of another version', async () => {
    const findings = await describeWith('580.65.06', { providerVersion: '1.29.0' })
    expect(findings.get('ONNX Runtime 1.30.0')).toMatchObject({
      state: 'failed',
      text: 'its CUDA provider is of 1.29.0',
      mend: 'npm run install:cuda',
    })
  })

  it('passes on why a GPU does not calculate', async () => {
    const findings = await describeWith('580.65.06', {}, 'the device cuda:0 cannot calculate: out of memory')
    expect(findings.get('cuda:0')).toMatchObject({ state: 'failed' })
    expect(findings.get('cuda:0')!.text).toContain('out of memory')
  })
})

describe('toLines', () => {
  it('puts the command that mends below what it mends', () => {
    const lines = toLines([
      { subject: 'a', state: 'ok', text: 'fine' },
      { subject: 'longer', state: 'missing', text: 'gone', mend: 'get it' },
    ])
    expect(lines).toEqual(['ok      a       fine', 'missing longer  gone', '                mend: get it'])
  })
})
