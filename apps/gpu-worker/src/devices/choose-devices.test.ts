import { describe, expect, it } from 'vitest'
import { chooseDevices } from './choose-devices.ts'
import { CUDA_CALLS } from '../engine/onnx/runtime/cuda-calls.ts'
import type { Gpu } from './list-gpus.ts'

const gpu = (index: number, driver = '580.65.06'): Gpu => ({
  ...{ index, driver },
  title: `GPU ${index}`,
  memoryTotalBytes: 2 ** 36,
  memoryFreeBytes: 2 ** 35,
})

/** A machine with GPUs, some of which fail their test with a reason. */
function createMachine(
  count: number,
  faults: Readonly<Record<string, string>> = {},
  { driver = '580.65.06', missing = [] as readonly string[] } = {},
) {
  const warnings: string[] = []
  const proved: string[] = []
  const gpus = Array.from({ length: count }, (_, index) => gpu(index, driver))
  return {
    ...{ warnings, proved },
    options: {
      environment: {},
      cudaCalls: CUDA_CALLS,
      logger: {
        info: () => undefined,
        warn: (_: unknown, text: string) => void warnings.push(text),
      } as never,
      list: async () => (count > 0 ? { gpus } : { gpus, reason: 'there is no NVIDIA driver' }),
      find: () => ({
        ...{ version: '1.30.0', providerVersion: '1.30.0', missing },
        ...{ providerFolder: '/runtime', cudaFolder: '/runtime/cuda' },
      }),
      prove: async (device: string, environment: Readonly<Record<string, string | undefined>>) => {
        const calls = environment['ATELIER_CUDA_CALLS']
        proved.push(`${device} ${calls}`)
        return faults[device] ?? faults[`${device} ${calls}`]
      },
    },
  }
}
const namesOf = (devices: readonly { device: string }[]) => devices.map(({ device }) => device)

describe('chooseDevices', () => {
  it('takes every GPU that passes its test', async () => {
    const { options } = createMachine(2)
    const devices = await chooseDevices('auto', options)
    expect(namesOf(devices)).toEqual(['cuda:0', 'cuda:1'])
    expect(devices[1]!.gpu?.title).toBe('GPU 1')
  })

  it('leaves out a GPU that fails, with its reason', async () => {
    const { options, warnings } = createMachine(2, { 'cuda:0': 'it multiplied wrongly: 1,2,3,4' })
    expect(namesOf(await chooseDevices('auto', options))).toEqual(['cuda:1'])
    expect(warnings).toEqual(['GPU 0 is left out: it multiplied wrongly: 1,2,3,4; see: atelier doctor'])
  })

  it.each([
    ['no GPU is there', createMachine(0)],
    ['all of them fail', createMachine(1, { 'cuda:0': 'no memory' })],
  ])('falls back to the CPU when %s', async (_, { options }) => {
    expect(namesOf(await chooseDevices('auto', options))).toEqual(['cpu'])
  })

  it.each([
    [
      'whose driver is too old',
      { driver: '535.104.05' },
      'the NVIDIA driver 535.104.05 is too old for CUDA 13; install driver 580 or newer',
    ],
    [
      'whose libraries are missing',
      { missing: ['libcudnn.so.9'] },
      'libraries are missing: libcudnn.so.9; run: npm run install:cuda',
    ],
  ])('leaves out a GPU %s, and says what to do instead of what the loader says', async (_, faults, line) => {
    const { options, warnings } = createMachine(1, { 'cuda:0': 'Failed to load library' }, faults)
    expect(namesOf(await chooseDevices('auto', options))).toEqual(['cpu'])
    expect(warnings).toEqual([`GPU 0 is left out: ${line}; see: atelier doctor`])
    await expect(chooseDevices('cuda:0', options)).rejects.toThrow(line)
  })

  it('takes a GPU that calculates, whatever we did not find', async () => {
    const { options } = createMachine(1, {}, { missing: ['libcudnn.so.9'] })
    expect(namesOf(await chooseDevices('auto', options))).toEqual(['cuda:0'])
  })

  it('asks no driver for the CPU', async () => {
    const list = () => Promise.reject(new Error('asked'))
    expect(namesOf(await chooseDevices('cpu', { ...createMachine(1).options, list }))).toEqual(['cpu'])
  })

  it('tests and takes the one GPU that was asked for', async () => {
    const { options, proved } = createMachine(3)
    expect(namesOf(await chooseDevices('cuda:1', options))).toEqual(['cuda:1'])
    expect(proved).toEqual(['cuda:1 captured'])
  })

  it('takes the next way of calling networks where one fails its test, and says why', async () => {
    const { options, proved, warnings } = createMachine(1, {
      'cuda:0 captured': 'its result of call 3 differs',
      'cuda:0 native': 'no such library',
    })
    const [device] = await chooseDevices('auto', options)
    expect(device).toMatchObject({ device: 'cuda:0', cudaCalls: 'binding' })
    expect(proved).toEqual(['cuda:0 captured', 'cuda:0 native', 'cuda:0 binding'])
    expect(warnings).toEqual([
      "GPU 0 is called through ONNX Runtime's binding for Node: its result of call 3 differs",
    ])
  })

  it('tries no other way than the one that was asked for', async () => {
    const { options, proved } = createMachine(1, { 'cuda:0 native': 'it is broken' })
    const asked = { ...options, cudaCalls: ['native'] as const }
    expect(namesOf(await chooseDevices('auto', asked))).toEqual(['cpu'])
    expect(proved).toEqual(['cuda:0 native'])
  })

  it.each([
    ['cuda:0', createMachine(0), 'cuda:0 cannot be used: there is no NVIDIA driver; see: atelier doctor'],
    ['cuda:5', createMachine(2), 'cuda:5 cannot be used: the driver shows 2 GPUs; see: atelier doctor'],
    ['cuda:0', createMachine(1, { 'cuda:0': 'it is broken' }), 'it is broken; see: atelier doctor'],
  ])('refuses %s with a reason when it cannot be used', async (device, { options }, message) => {
    await expect(chooseDevices(device, options)).rejects.toThrow(message)
  })
})
