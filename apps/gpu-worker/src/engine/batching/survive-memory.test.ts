import { describe, expect, it } from 'vitest'
import type { NetworkInputs } from '../denoise/guidance.ts'
import { createTensor } from '../tensor/tensor.ts'
import { surviveMemory } from './survive-memory.ts'

/** As ONNX Runtime says it on CUDA. */
const OUT_OF_MEMORY = 'Failed to allocate memory for requested buffer of size 536870912'

const draw = (shape: readonly number[]) => {
  const tensor = createTensor(shape)
  tensor.data.forEach((_, i) => (tensor.data[i] = i))
  return tensor
}
const createInputs = (rows: number): NetworkInputs => ({
  latent: draw([rows, 4, 2, 2]),
  timesteps: Float32Array.from({ length: rows }, (_, i) => i),
  context: draw([rows, 77, 2]),
  label: draw([rows, 3]),
  control: { middle: draw([rows, 2, 1, 1]) },
})

/** A device on which `limit` rows fit; its result tells every row by all of its inputs. */
function createDevice(limit: () => number) {
  const calls: number[] = []
  const tried: string[] = []
  const network = async ({ latent, timesteps, context, label, control }: NetworkInputs) => {
    const rows = latent.shape[0]!
    calls.push(rows)
    if (rows > limit()) throw new Error(OUT_OF_MEMORY)
    const output = createTensor(latent.shape)
    for (let row = 0; row < rows; row += 1) {
      const mark =
        timesteps[row]! +
        context.data[row * 154]! +
        label!.data[row * 3]! +
        control!['middle']!.data[row * 2]!
      output.data.set(
        latent.data.subarray(row * 16, row * 16 + 16).map((value) => value + mark),
        row * 16,
      )
    }
    return output
  }
  return {
    calls,
    tried,
    network,
    onShort: (rows: number, next: string) => void tried.push(`${rows} ${next}`),
  }
}

describe('an evaluation where memory is short', () => {
  it('is one call while it fits', async () => {
    const { calls, network } = createDevice(() => 8)
    const makeRoom = () => Promise.reject(new Error('asked for room'))
    await surviveMemory(network, { makeRoom })(createInputs(8))
    expect(calls).toEqual([8])
  })

  it('is cut to single rows before everything that does not run is let go', async () => {
    let limit = 0
    const { calls, tried, network, onShort } = createDevice(() => limit)
    const makeRoom = async () => void (limit = 1)
    await surviveMemory(network, { makeRoom, onShort })(createInputs(2))
    expect(calls).toEqual([2, 1, 1, 1])
    expect(tried).toEqual(['2 halves', '1 room'])
  })

  it.each([1, 2, 3, 4])('is evaluated in parts of at most %i rows with the same result', async (limit) => {
    const inputs = createInputs(7)
    const expected = await createDevice(() => 7).network(inputs)
    const { calls, network } = createDevice(() => limit)
    const output = await surviveMemory(network, { makeRoom: async () => undefined })(inputs)
    expect(output.shape).toEqual(expected.shape)
    expect([...output.data]).toEqual([...expected.data])
    expect(calls.filter((rows) => rows <= limit).reduce((sum, rows) => sum + rows, 0)).toBe(7)
  })

  it('fails with the device’s words when one row does not fit', async () => {
    const { network } = createDevice(() => 0)
    const run = surviveMemory(network, { makeRoom: async () => undefined })(createInputs(2))
    await expect(run).rejects.toThrow(OUT_OF_MEMORY)
  })

  it('passes other errors on at once', async () => {
    let calls = 0
    const network = async () => {
      calls += 1
      throw new Error('the shapes do not fit')
    }
    const run = surviveMemory(network, { makeRoom: async () => undefined })(createInputs(2))
    await expect(run).rejects.toThrow('the shapes do not fit')
    expect(calls).toBe(1)
  })
})
