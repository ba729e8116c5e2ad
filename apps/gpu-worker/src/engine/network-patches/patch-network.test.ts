import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import type { NetworkInputs } from '../denoise/guidance.ts'
import { createDownscale } from './downscale.ts'
import { createFreeU } from './free-u.ts'
import { patchNetwork } from '../denoise/inside/patch-network.ts'
import { createTokenMerging } from './token-merging.ts'

const inputs: NetworkInputs = {
  latent: createTensor([2, 4, 8, 8]),
  timesteps: Float32Array.of(1, 1),
  context: createTensor([2, 77, 64]),
  sigma: 5,
}

function record() {
  const calls: NetworkInputs[] = []
  const network = async (seen: NetworkInputs) => {
    calls.push(seen)
    return createTensor([2, 4, 8, 8])
  }
  return { calls, network }
}

describe('a patched network', () => {
  it('is the network itself without patches', () => {
    const { network } = record()
    expect(patchNetwork(network, [])).toBe(network)
  })

  it('gives every row the values of its patches, and each its own', async () => {
    const { calls, network } = record()
    await patchNetwork(network, [createFreeU([1, 2, 3, 4], 1, 0), createFreeU([5, 6, 7, 8], 2, 1)])(inputs)
    const { control, patches } = calls[0]!
    expect([...control!['free_u_0']!.data]).toEqual([1, 2, 3, 4, 1, 2, 3, 4])
    expect([...control!['free_u_1']!.data]).toEqual([5, 6, 7, 8, 5, 6, 7, 8])
    expect(patches).toHaveLength(2)
  })

  it('keeps what the conditioning says of its rows', async () => {
    const { calls, network } = record()
    const own = createTensor([2, 4], Float32Array.of(1, 1, 1, 1, 2, 2, 2, 2))
    await patchNetwork(network, [createFreeU([9, 9, 9, 9], 1, 0)])({ ...inputs, control: { free_u_0: own } })
    expect(calls[0]!.control!['free_u_0']).toBe(own)
  })

  it('leaves out of a call what does not act in it', async () => {
    const settings = { block: 3, isAfterSkip: true, down: 'bicubic', up: 'bicubic' } as const
    const patch = createDownscale(settings, { factor: 2, from: 10, to: 1 }, 0)
    const { calls, network } = record()
    const patched = patchNetwork(network, [patch])
    await patched({ ...inputs, sigma: 0.5 })
    await patched({ ...inputs, sigma: 10 })
    expect(calls[0]!.patches).toBeUndefined()
    expect(calls[1]!.shared).toMatchObject({ key: 'downscale_0 2' })
  })

  it('merges no tokens by a share of none', () => {
    expect(createTokenMerging(0, 'all', 0).share!(inputs)).toBeUndefined()
    expect(createTokenMerging(0.5, 'all', 0).share!(inputs)?.key).toBe('merging_0 32')
  })
})
