import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { sliceRows } from '../denoise/combine.ts'
import type { PredictionNetwork } from '../denoise/guidance.ts'
import { loadCheckpoint } from '../models/load-model.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { TEST_SESSION, unpackTinyCheckpoint } from '../test-kit.ts'
import { Batcher } from './batcher.ts'
import { joinInputs, toBatchKey } from './join-inputs.ts'

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

/** A network that doubles and remembers how many rows each call had; calls take half a second, whatever they hold. */
function createDoubler() {
  const calls: number[] = []
  const network: PredictionNetwork = ({ latent }, onBusy) => {
    calls.push(latent.shape[0]!)
    onBusy?.(0.5)
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

/** A batcher after calls enough that much may join. */
async function openBatcher(network: PredictionNetwork, maxElements = 1_000) {
  const batcher = new Batcher(network, { maxElements })
  for (const side of [2, 4]) {
    for (const rows of [1, 1, 2, 2, 4, 4]) {
      const together = Array.from({ length: rows }, () => batcher.predict(createInputs([0], { side })))
      await Promise.allSettled(together)
    }
  }
  return batcher
}

describe('Batcher', () => {
  it('joins what is asked for at the same time, and gives each request its own rows', async () => {
    const { calls, network } = createDoubler()
    const { predict } = await openBatcher(network)
    calls.length = 0
    const outputs = await Promise.all([[1, 2], [3], [4, 5]].map((values) => predict(createInputs(values))))
    expect(outputs.map(firstOfRows)).toEqual([[2, 4], [6], [8, 10]])
    expect(calls).toEqual([5])
  })

  it('lets requests join and leave between calls', async () => {
    const { calls, network } = createDoubler()
    const { predict } = await openBatcher(network)
    calls.length = 0
    const run = async (steps: number): Promise<void> => {
      for (let step = 0; step < steps; step += 1) await predict(createInputs([step]))
    }
    await Promise.all([run(3), run(1), run(2)])
    expect(calls).toEqual([3, 2, 1])
  })

  it('runs a lone request at once, without waiting for company', async () => {
    const { calls, network } = createDoubler()
    const { predict } = new Batcher(network, { maxElements: 1_000 })
    expect(firstOfRows(await predict(createInputs([21])))).toEqual([42])
    expect(calls).toEqual([1])
  })

  it('keeps apart what differs in shape', async () => {
    const { calls, network } = createDoubler()
    const { predict } = await openBatcher(network, 10_000)
    calls.length = 0
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
    const { predict } = await openBatcher(network, 2 * 16)
    calls.length = 0
    await Promise.all([
      predict(createInputs([1, 2, 3])),
      predict(createInputs([4])),
      predict(createInputs([5])),
      predict(createInputs([6])),
    ])
    expect(calls).toEqual([3, 2, 1])
  })

  it('lets requests take turns where joining gains nothing', async () => {
    const calls: number[] = []
    const network: PredictionNetwork = ({ latent }, onBusy) => {
      calls.push(latent.shape[0]!)
      onBusy?.(latent.shape[0]!)
      return Promise.resolve(latent)
    }
    const { predict } = new Batcher(network, { maxElements: 1_000 })
    const run = async (): Promise<void> => {
      for (let step = 0; step < 20; step += 1) await predict(createInputs([step]))
    }
    await Promise.all([run(), run(), run()])
    // More rows are tried three times at the beginning.
    expect(calls.slice(6).filter((rows) => rows > 1).length).toBeLessThanOrEqual(3)
  })

  it('fills calls up to few numbers of rows where shapes are dear, and gives nobody the rows that fill', async () => {
    const { calls, network } = createDoubler()
    const { predict } = new Batcher(network, { maxElements: 1_000, fillsBuckets: true })
    const rows = [1, 2, 3, 5, 7, 9, 13]
    for (const count of rows) {
      const values = Array.from({ length: count }, (_, i) => i)
      expect(firstOfRows(await predict(createInputs(values)))).toEqual(values.map((value) => 2 * value))
    }
    expect(calls).toEqual([1, 2, 4, 6, 8, 12, 16])
  })

  it('counts the rows that fill a call among those that fit in memory', async () => {
    const { calls, network } = createDoubler()
    // Of nine rows, which fit, a call of twelve would be made, which does not.
    const recall = () => new Map([[16, 1]])
    const options = { maxElements: 9 * 16, fillsBuckets: true, recall }
    const { predict } = new Batcher(network, options)
    await Promise.all(Array.from({ length: 3 }, () => predict(createInputs([1, 2, 3]))))
    expect(calls).toEqual([6, 4])
  })

  it('begins with what was measured before, and tells what it measures', async () => {
    const { calls, network } = createDoubler()
    const told: [string, number[]][] = []
    const { predict } = new Batcher(network, {
      maxElements: 1_000,
      recall: (kind) => (kind.startsWith('4x2x2') ? new Map([[4, 0.5]]) : undefined),
      onMeasured: (kind, curve) => told.push([kind, [...curve.keys()]]),
    })
    for (let round = 0; round < 2; round += 1)
      await Promise.all(Array.from({ length: 4 }, () => predict(createInputs([1]))))
    expect(calls).toEqual([4, 4])
    expect(told).toEqual([[toBatchKey(createInputs([1])), [4]]])
  })

  it('learns from how long the device was busy, whatever else its host did meanwhile', async () => {
    let hostMs = 0
    const calls: number[] = []
    const network: PredictionNetwork = async ({ latent }, onBusy) => {
      calls.push(latent.shape[0]!)
      // The host hears of it late, and ever later the more rows there were.
      hostMs += 1000 * latent.shape[0]! ** 2
      for (const half of [0.6, 0.4]) onBusy?.(half)
      return latent
    }
    const heard: [number, number][] = []
    const { predict } = new Batcher(network, {
      ...{ maxElements: 1_000, now: () => hostMs },
      onEvaluated: (...evaluation) => heard.push(evaluation),
    })
    const run = async (): Promise<void> => {
      for (let step = 0; step < 12; step += 1) await predict(createInputs([step]))
    }
    await Promise.all(Array.from({ length: 8 }, run))
    expect(calls.filter((rows) => rows === 8).length).toBeGreaterThan(5)
    expect(heard).toEqual(calls.map((rows) => [1, rows]))
  })

  it('tells of evaluations that succeed alone', async () => {
    const heard: number[] = []
    const options = { maxElements: 1_000, onEvaluated: (_: number, rows: number) => heard.push(rows) }
    const failing = new Batcher(() => Promise.reject(new Error('out of memory')), options)
    await expect(failing.predict(createInputs([1]))).rejects.toThrow('out of memory')
    await new Batcher(createDoubler().network, options).predict(createInputs([1, 2, 3]))
    expect(heard).toEqual([3])
  })

  it('takes turns in the order of asking, so that nobody starves', async () => {
    const { network } = createDoubler()
    const { predict } = new Batcher(network, { maxElements: 1 })
    const order: string[] = []
    const run = async (name: string): Promise<void> => {
      for (let step = 0; step < 3; step += 1) {
        await predict(createInputs([step]))
        order.push(name)
      }
    }
    await Promise.all([run('a'), run('b')])
    expect(order).toEqual(['a', 'b', 'a', 'b', 'a', 'b'])
  })

  it('fails the requests of a failed call and goes on with the others', async () => {
    const { network } = createDoubler()
    const failing: PredictionNetwork = (inputs, onBusy) =>
      inputs.latent.shape[3] === 4 ? Promise.reject(new Error('out of memory')) : network(inputs, onBusy)
    const { predict } = await openBatcher(failing)
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

  const toBits = ({ data }: Tensor) => Buffer.from(Float32Array.from(data).buffer)

  it('answers the same bits whatever else is in the call', async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        fc.array(rows, { minLength: 1, maxLength: 4 }),
        fc.nat({ max: 4 }),
        async (own, companions, place) => {
          const alone = await network(toInputs(own))
          const before = companions.slice(0, place)
          const company = [...before, own, ...companions.slice(place)].map(toInputs)
          const output = await network(joinInputs(company))
          const first = before.reduce((sum, { count }) => sum + count, 0)
          expect(toBits(sliceRows(output, first, first + own.count))).toEqual(toBits(alone))
        },
      ),
      { numRuns: 25 },
    )
  })

  it('answers the same bits in a call that is filled up', async () => {
    const filling = new Batcher(network, {
      maxElements: 2 ** 20,
      fillsBuckets: true,
      recall: () => new Map([[64, 1]]),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(rows, { minLength: 1, maxLength: 4 }), async (requests) => {
        const alone: Tensor[] = []
        for (const request of requests) alone.push(await network(toInputs(request)))
        const together = await Promise.all(requests.map((request) => filling.predict(toInputs(request))))
        expect(together.map(toBits)).toEqual(alone.map(toBits))
      }),
      { numRuns: 15 },
    )
  })
})
