import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { createHalfSession } from './cuda/test-kit/half-session.ts'
import { proveDevice } from './prove-device.ts'

describe('proveDevice', () => {
  it('accepts the processor of this machine', async () => {
    await expect(proveDevice({ device: 'cpu', threads: 1 })).resolves.toBeUndefined()
  })

  it('accepts a device that is given its graph as it is written for CUDA', async () => {
    const options = { device: 'cuda:0', threads: 1, open: createHalfSession }
    await expect(proveDevice(options)).resolves.toBeUndefined()
  })

  it('refuses a device that answers wrongly, naming it', async () => {
    const open = () => ({
      run: async () => ({ product: createTensor([2, 2]) }),
      release: () => Promise.resolve(),
    })
    await expect(proveDevice({ device: 'cuda:0', threads: 0, open })).rejects.toThrow(
      'the device cuda:0 cannot calculate: it multiplied wrongly: 0,0,0,0',
    )
  })

  it('refuses a device that fails', async () => {
    const open = () => {
      throw new Error('CUDA error 700')
    }
    await expect(proveDevice({ device: 'cuda:1', threads: 0, open })).rejects.toThrow(
      'cuda:1 cannot calculate: CUDA',
    )
  })
})
