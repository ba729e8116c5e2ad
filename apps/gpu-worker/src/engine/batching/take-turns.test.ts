import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sliceRows } from '../denoise/combine.ts'
import type { NetworkInputs, PredictionNetwork } from '../denoise/guidance.ts'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { Batcher, type BatcherOptions } from './batcher.ts'

/** Turns of the event loop that a call takes at least: more than its requests need to ask again. */
const TURNS = 8
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * A device on a clock of its own: calls are done one after another, each in `cost` milliseconds for its rows, while the
 * host goes on. What it gives for a row depends on that row alone.
 */
class Device {
  /** Milliseconds. */
  clock = 0
  readonly calls: { readonly rows: number; readonly key: number }[] = []
  inFlight = 0
  mostInFlight = 0
  idle = 0
  failing = (_rows: number): boolean => false
  readonly #cost: (rows: number) => number
  #freeAt = 0
  #queue: Promise<unknown> = Promise.resolve()

  constructor(cost: (rows: number) => number) {
    this.#cost = cost
  }

  readonly network: PredictionNetwork = (inputs, onBusy) => {
    const rows = inputs.latent.shape[0]!
    this.calls.push({ rows, key: inputs.latent.shape[3]! })
    this.inFlight += 1
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight)
    this.idle += Math.max(this.clock - this.#freeAt, 0)
    this.#freeAt = Math.max(this.clock, this.#freeAt) + this.#cost(rows)
    const endsAt = this.#freeAt
    const ended = this.#queue.then(async () => {
      for (let i = 0; i < TURNS; i += 1) await turn()
      this.clock = Math.max(this.clock, endsAt)
      this.inFlight -= 1
      if (this.failing(rows)) throw new Error('out of memory')
      onBusy?.(this.#cost(rows) / 1000)
      return evaluate(inputs)
    })
    this.#queue = ended.catch(() => undefined)
    return ended
  }
}

/** What no companion may change: a sum over a row's own numbers. */
function evaluate({ latent, timesteps, context }: NetworkInputs): Tensor {
  const rows = latent.shape[0]!
  const output = createTensor(latent.shape)
  for (let row = 0; row < rows; row += 1) {
    const [own, told] = [latent, context].map((tensor) => sliceRows(tensor, row, row + 1).data)
    const sum = [...own!, ...told!].reduce((a, b, i) => Math.fround(a + Math.sin(i) * b), timesteps[row]!)
    output.data.fill(sum, row * own!.length, (row + 1) * own!.length)
  }
  return output
}

const createInputs = (seed: number, rows: number, side = 2): NetworkInputs => {
  const wave = (shape: readonly number[], step: number): Tensor =>
    createTensor(
      shape,
      createTensor(shape).data.map((_, i) => Math.sin(seed + i * step)),
    )
  return {
    latent: wave([rows, 4, side, side], 1.3),
    timesteps: new Float32Array(rows).fill(seed % 1000),
    context: wave([rows, 3, 2], 0.7),
  }
}

/** Everything is measured, so that nothing is tried out. */
const known = (cost: (rows: number) => number): NonNullable<BatcherOptions['recall']> => {
  const rows = Array.from({ length: 40 }, (_, i) => i + 1)
  return () => new Map(rows.map((count) => [count, cost(count) / 1000]))
}

/** Requests of two rows that go on for some steps, each with `work` milliseconds between an answer and the next question. */
async function runJobs(
  { jobs, steps, work }: { readonly jobs: number; readonly steps: number; readonly work: number },
  cost: (rows: number) => number,
  options: Partial<BatcherOptions> = {},
): Promise<Device> {
  const device = new Device(cost)
  const { predict } = new Batcher(device.network, {
    ...{ maxElements: 1e6, takesTurns: true, now: () => device.clock, recall: known(cost) },
    ...options,
  })
  const run = async (job: number): Promise<void> => {
    for (let step = 0; step < steps; step += 1) {
      await predict(createInputs(100 * job + step, 2))
      device.clock += work
      await turn()
    }
  }
  await Promise.all(Array.from({ length: jobs }, (_, job) => run(job)))
  return device
}
const rowsOf = ({ calls }: Device) => calls.map(({ rows }) => rows)
const middleOf = (rows: readonly number[]) => rows.slice(6, -6)

describe('two halves of the requests', () => {
  it('take turns where their two calls cost less than one and the idle time after it', async () => {
    const cheap = (rows: number) => 3 + rows
    const device = await runJobs({ jobs: 8, steps: 12, work: 1 }, cheap)
    expect(new Set(middleOf(rowsOf(device)))).toEqual(new Set([8]))
    // The first call, and the idle time after it, were measured.
    expect(rowsOf(device)[0]).toBe(16)
    const joined = await runJobs({ jobs: 8, steps: 12, work: 1 }, cheap, { takesTurns: false })
    expect(device.idle).toBeLessThan(joined.idle / 5)
    expect(device.clock).toBeLessThan(joined.clock)
  })

  it('stay together where a call costs much by itself', async () => {
    const device = await runJobs({ jobs: 8, steps: 12, work: 1 }, (rows) => 20 + rows)
    expect(new Set(rowsOf(device))).toEqual(new Set([16]))
  })

  it('stay together where calls keep this process busy', async () => {
    const device = await runJobs({ jobs: 8, steps: 6, work: 1 }, (rows) => 3 + rows, { takesTurns: false })
    expect(new Set(rowsOf(device))).toEqual(new Set([16]))
    expect(device.mostInFlight).toBe(1)
  })

  it('come together now and then, to be measured again', async () => {
    const device = await runJobs({ jobs: 4, steps: 70, work: 1 }, (rows) => 2 + rows)
    const rows = rowsOf(device)
    expect(rows.filter((count) => count === 8).length).toBeGreaterThan(1)
    expect(rows.filter((count) => count === 4).length).toBeGreaterThan(100)
  })

  it('are not made of a lone request', async () => {
    const device = await runJobs({ jobs: 1, steps: 6, work: 5 }, (rows) => 1 + rows)
    expect(rowsOf(device)).toEqual([2, 2, 2, 2, 2, 2])
    expect(device.mostInFlight).toBe(1)
  })
})

describe('a call that nobody could join', () => {
  it('waits behind the one that runs: when as many wait as may join', async () => {
    // Beyond 8 rows nothing is gained.
    const full = (rows: number) => 10 * Math.ceil(rows / 8)
    const device = await runJobs({ jobs: 8, steps: 10, work: 1 }, full)
    expect(new Set(middleOf(rowsOf(device)))).toEqual(new Set([8]))
    expect(device.mostInFlight).toBe(2)
    // Only before the first call is anything worked out that no call covers.
    expect(device.idle).toBeLessThan(10)
  })

  it('waits behind the one that runs: when it is of another shape', async () => {
    const device = new Device(() => 10)
    const { predict } = new Batcher(device.network, {
      ...{ maxElements: 1e6, takesTurns: true, now: () => device.clock, recall: known(() => 10) },
    })
    const run = async (side: number): Promise<void> => {
      for (let step = 0; step < 6; step += 1) {
        await predict(createInputs(step, 1, side))
        device.clock += 4
      }
    }
    await Promise.all([run(2), run(4)])
    expect(device.calls.map(({ key }) => key)).toEqual(Array.from({ length: 6 }, () => [2, 4]).flat())
    expect(device.mostInFlight).toBe(2)
    expect(device.idle).toBeLessThan(10)
  })

  it('is answered when the one before it fails, and the other way round', async () => {
    for (const failing of [8, 6]) {
      const device = new Device(() => 10)
      device.failing = (rows) => rows === failing
      const { predict } = new Batcher(device.network, {
        ...{ maxElements: 1e6, takesTurns: true, now: () => device.clock },
        recall: known((rows) => 10 * Math.ceil(rows / 8)),
      })
      const ended = await Promise.allSettled([4, 4, 3, 3].map((rows, i) => predict(createInputs(i, rows))))
      expect(device.calls.map(({ rows }) => rows)).toEqual([8, 6])
      const states = failing === 8 ? ['rejected', 'fulfilled'] : ['fulfilled', 'rejected']
      expect(ended.map(({ status }) => status)).toEqual([states[0], states[0], states[1], states[1]])
    }
  })
})

describe('requests in any order', () => {
  const job = fc.record({
    rows: fc.integer({ min: 1, max: 3 }),
    side: fc.constantFrom(2, 2, 2, 4),
    steps: fc.integer({ min: 1, max: 6 }),
    /** Turns before it begins and between its questions. */
    waits: fc.array(fc.nat({ max: 2 * TURNS }), { minLength: 7, maxLength: 7 }),
  })

  it('get the bits they get alone, once each, with two calls in flight at most', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(job, { minLength: 1, maxLength: 7 }),
        fc.record({ takesTurns: fc.boolean(), fillsBuckets: fc.boolean(), base: fc.nat({ max: 12 }) }),
        async (jobs, { takesTurns, fillsBuckets, base }) => {
          const cost = (rows: number) => base + rows
          const device = new Device(cost)
          const { predict } = new Batcher(device.network, {
            ...{ maxElements: 1e6, takesTurns, fillsBuckets, now: () => device.clock, recall: known(cost) },
          })
          await Promise.all(
            jobs.map(async ({ rows, side, steps, waits }, index) => {
              for (let step = 0; step < steps; step += 1) {
                for (let i = 0; i < waits[step]!; i += 1) await turn()
                const inputs = createInputs(100 * index + step, rows, side)
                expect(await predict(inputs)).toEqual(evaluate(inputs))
                device.clock += 1
              }
            }),
          )
          expect(device.inFlight).toBe(0)
          expect(device.mostInFlight).toBeLessThanOrEqual(takesTurns ? 2 : 1)
        },
      ),
      { numRuns: 60 },
    )
  })
})
