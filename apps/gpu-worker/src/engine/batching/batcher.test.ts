import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import { loadCheckpoint } from '../models/load-model.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'
import { Batcher } from './batcher.ts'

type Inputs = Parameters<PredictionNetwork>[0]

/** Rows of a request, filled with a value each. */
function createInputs(values: readonly number[], { side = 2, tokens = 77 } = {}): Inputs {
  const latent = createTensor([values.length, 4, side, side])
  const size = 4 * side * side
  values.forEach((value, row) => latent.data.fill(value, row * size, (row + 1) * size))
  return {
    latent,
    timesteps: Float32Array.from(values),
    context: createTensor([values.length, tokens, 3]),
  }
}

/** A network that doubles and remembers how many rows each call had. */
function createDoubler() {
  const calls: number[] = []
  const network: PredictionNetwork = ({ latent }) => {
    calls.push(latent.shape[0]!)
    return Promise.resolve(
      createTensor(
        latent.shape,
        latent.data.map((value) => 2 * value),
      ),
    )
  }
  return { calls, network }
}

const firstOfRows = ({ shape, data }: Tensor) =>
  Array.from({ length: shape[0]! }, (_, row) => data[row * (data.length / shape[0]!)])

describe('Batcher', () => {
  it('joins what is asked for at the same time, and gives each request its own rows', async () => {
    const { calls, network } = createDoubler()
    const { predict } = new Batcher(network, { maxElements: 1_000 })
    const outputs = await Promise.all([[1, 2], [3], [4, 5]].map((values) => predict(createInputs(values))))
    expect(outputs.map(firstOfRows)).toEqual([[2, 4], [6], [8, 10]])
    expect(calls).toEqual([5])
  })

  it('lets requests join and leave between calls', async () => {
    const { calls, network } = createDoubler()
    const { predict } = new Batcher(network, { maxElements: 1_000 })
    const run = async (steps: number): Promise<void> => {
      for (let step = 0; step < steps; step += 1) await predict(createInputs([step]))
    }
    await Promise.all([run(3), run(1), run(2)])
    expect(calls.reduce((sum, rows) => sum + rows, 0)).toBe(6)
    expect(calls.slice(0, 3)).toEqual([3, 2, 1])
  })

  it('keeps apart what differs in shape', async () => {
    const { calls, network } = createDoubler()
    const { predict } = new Batcher(network, { maxElements: 10_000 })
    await Promise.all([
      predict(createInputs([1])),
      predict(createInputs([2], { side: 4 })),
      predict(createInputs([3], { tokens: 154 })),
      predict(createInputs([4])),
    ])
    expect(calls).toEqual([2, 1, 1])
  })

  it('joins no more than the limit, but runs a single larger request whole', async () => {
    const { calls, network } = createDoubler()
    const { predict } = new Batcher(network, { maxElements: 2 * 16 })
    await Promise.all([
      predict(createInputs([1, 2, 3])),
      predict(createInputs([4])),
      predict(createInputs([5])),
      predict(createInputs([6])),
    ])
    expect(calls).toEqual([3, 2, 1])
  })

  it('fails the requests of a failed call and goes on with the others', async () => {
    const { network } = createDoubler()
    const failing: PredictionNetwork = (inputs) =>
      inputs.latent.shape[3] === 4 ? Promise.reject(new Error('out of memory')) : network(inputs)
    const { predict } = new Batcher(failing, { maxElements: 1_000 })
    const ended = await Promise.allSettled([
      predict(createInputs([1], { side: 4 })),
      predict(createInputs([2])),
    ])
    expect(ended.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(firstOfRows(await predict(createInputs([3])))).toEqual([6])
  })
})

describe('a batched network on the CPU', () => {
  const loaded = loadCheckpoint(unpackTinyCheckpoint(), 'tiny', TEST_SESSION)
  const { predict: network } = loaded.value.model
  afterAll(() => loaded.release())

  const rows = fc.record({
    seed: fc.integer({ min: 1, max: 1_000 }),
    count: fc.integer({ min: 1, max: 3 }),
    timestep: fc.integer({ min: 0, max: 999 }),
  })
  const toInputs = ({ seed, count, timestep }: { seed: number; count: number; timestep: number }): Inputs => {
    const wave = (shape: number[], scale: number) =>
      createTensor(
        shape,
        Float32Array.from(
          { length: shape.reduce((a, b) => a * b, 1) },
          (_, i) => scale * Math.sin(i * 12.9898 + seed),
        ),
      )
    return {
      latent: wave([count, 4, 8, 8], 2),
      timesteps: new Float32Array(count).fill(timestep),
      context: wave([count, 77, 64], 1),
    }
  }

  const toBits = (tensor: Tensor | undefined) => Buffer.from(Float32Array.from(tensor?.data ?? []).buffer)

  it('answers the same bits whatever else is in the call', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.array(rows, { minLength: 1, maxLength: 4 }), async (own, companions) => {
        const alone = await network(toInputs(own))
        const batcher = new Batcher(network, { maxElements: 1e6 })
        const outputs = await Promise.all([
          batcher.predict(toInputs(own)),
          ...companions.map((other) => batcher.predict(toInputs(other))),
          batcher.predict(toInputs(own)),
        ])
        expect(toBits(outputs[0])).toEqual(toBits(alone))
        expect(toBits(outputs.at(-1))).toEqual(toBits(alone))
      }),
      { numRuns: 25 },
    )
  })
})
