import { describe, expect, it } from 'vitest'
import { listGpus, parseGpus } from './list-gpus.ts'

// As nvidia-smi 580 prints them.
const TWO = '0, NVIDIA H200, 580.65.06, 143771, 143000\n1, NVIDIA H100 80GB HBM3, 580.65.06, 81559, 1024\n'
const fail = (fields: object) => () => Promise.reject(Object.assign(new Error('failed'), fields))

describe('parseGpus', () => {
  it('reads number, name, driver and memory of each GPU', () => {
    expect(parseGpus(TWO)).toEqual([
      {
        index: 0,
        title: 'NVIDIA H200',
        driver: '580.65.06',
        memoryTotalBytes: 143771 * 2 ** 20,
        memoryFreeBytes: 143000 * 2 ** 20,
      },
      {
        index: 1,
        title: 'NVIDIA H100 80GB HBM3',
        driver: '580.65.06',
        memoryTotalBytes: 81559 * 2 ** 20,
        memoryFreeBytes: 1024 * 2 ** 20,
      },
    ])
  })

  it('counts memory the driver does not tell as none', () => {
    const [gpu] = parseGpus('0, NVIDIA GB10, 580.65.06, [N/A], [N/A]\n')
    expect(gpu).toMatchObject({ title: 'NVIDIA GB10', memoryTotalBytes: 0, memoryFreeBytes: 0 })
  })

  it('leaves out lines that are none', () => {
    expect(parseGpus('No devices were found\n\n')).toEqual([])
  })
})

describe('listGpus', () => {
  it('lists what the driver shows', async () => {
    const { gpus, reason } = await listGpus(async () => TWO)
    expect(gpus.map(({ index }) => index)).toEqual([0, 1])
    expect(reason).toBeUndefined()
  })

  it('says that there is no driver', async () => {
    expect(await listGpus(fail({ code: 'ENOENT' }))).toEqual({
      gpus: [],
      reason: 'there is no NVIDIA driver (nvidia-smi is not on the path)',
    })
  })

  it('passes on what a broken driver says', async () => {
    const stdout = 'Failed to initialize NVML: Driver/library version mismatch\n'
    expect((await listGpus(fail({ code: 18, stdout }))).reason).toBe(
      'the NVIDIA driver does not answer: Failed to initialize NVML: Driver/library version mismatch',
    )
  })

  it('says that a driver shows no GPU', async () => {
    expect((await listGpus(async () => 'No devices were found\n')).reason).toBe(
      'the NVIDIA driver shows no GPU',
    )
  })
})
