import { describe, expect, it } from 'vitest'
import { createTensor, type Tensor } from '../tensor/tensor.ts'
import { createGuidedDenoiser, type GuidanceOptions, type WeightedContext } from './guidance.ts'

/** A context whose single number is what the network predicts as the clean latent. */
const context = (value: number, { weight = 1, tokens = 1 } = {}): WeightedContext => ({
  weight,
  tokens: createTensor([1, tokens, 1], new Float32Array(tokens).fill(value)),
})
const latent = createTensor([2, 1, 1, 1], Float32Array.of(100, 200))

function setUp(more: Partial<GuidanceOptions> & Pick<GuidanceOptions, 'conditioningAt'>) {
  const calls: { rows: number; timesteps: number[]; latent: number[] }[] = []
  const options: GuidanceOptions = {
    network: async ({ latent: rows, timesteps, context: tokens }): Promise<Tensor> => {
      calls.push({ rows: rows.shape[0]!, timesteps: [...timesteps], latent: [...rows.data] })
      const width = tokens.data.length / tokens.shape[0]!
      const data = Float32Array.from({ length: rows.shape[0]! }, (_, i) => tokens.data[i * width]!)
      return createTensor([rows.shape[0]!, 1, 1, 1], data)
    },
    guidanceScale: 3,
    prediction: 'x0',
    plan: { timestepOf: (sigma) => sigma * 10, needsUnconditional: false },
    ...more,
  }
  return { denoise: createGuidedDenoiser(options), calls }
}

const plain = () => ({ positive: [[context(1)], [context(2)]], negative: [[context(0.5)], [context(0.5)]] })

describe('createGuidedDenoiser', () => {
  it('moves from the unconditional past the conditional, image by image, in one network call', async () => {
    const { denoise, calls } = setUp({ conditioningAt: plain })
    const denoised = await denoise(latent, 2)
    expect([...denoised.latent.data]).toEqual([0.5 + 3 * 0.5, 0.5 + 3 * 1.5])
    expect([...denoised.unconditional.data]).toEqual([0.5, 0.5])
    expect(calls).toHaveLength(1)
    expect(calls[0]).toMatchObject({ rows: 4, timesteps: [20, 20, 20, 20] })
    expect(calls[0]!.latent[0]).toBeCloseTo(100 / Math.sqrt(5), 4)
  })

  it('leaves the unconditional out at guidance 1', async () => {
    const { denoise, calls } = setUp({ conditioningAt: plain, guidanceScale: 1 })
    expect([...(await denoise(latent, 2)).latent.data]).toEqual([1, 2])
    expect(calls[0]!.rows).toBe(2)
  })

  it('evaluates it at guidance 1 for a sampler that looks at it', async () => {
    const plan = { timestepOf: () => 0, needsUnconditional: true }
    const { denoise, calls } = setUp({ conditioningAt: plain, guidanceScale: 1, plan })
    expect([...(await denoise(latent, 2)).unconditional.data]).toEqual([0.5, 0.5])
    expect(calls[0]!.rows).toBe(4)
  })

  it('evaluates it at guidance 1 where the weights do not add up to one', async () => {
    const conditioningAt = () => ({
      positive: [[context(4, { weight: 0.5 })], [context(2)]],
      negative: [[context(1)], [context(1)]],
    })
    const { denoise } = setUp({ conditioningAt, guidanceScale: 1 })
    expect([...(await denoise(latent, 2)).latent.data]).toEqual([1 + 0.5 * 3, 2])
  })

  it('adds weighted conditionals up', async () => {
    const conditioningAt = () => ({
      positive: [[context(1, { weight: 0.25 }), context(3, { weight: 2 })], [context(2)]],
      negative: [[context(0.5)], [context(0.5)]],
    })
    const { denoise, calls } = setUp({ conditioningAt })
    const { latent: guided } = await denoise(latent, 2)
    expect(guided.data[0]).toBeCloseTo(0.5 + 3 * (0.25 * 0.5 + 2 * 2.5), 5)
    expect(calls[0]!.rows).toBe(5)
  })

  it('lets the first conditional stand in for an unconditional that is left out', async () => {
    const conditioningAt = () => ({
      positive: [[context(1, { weight: 0.25 }), context(3, { weight: 0.5 })], [context(2)]],
      negative: [[context(9)], [context(9)]],
    })
    const { denoise, calls } = setUp({ conditioningAt, skipsUnconditional: (call) => call === 1 })
    await denoise(latent, 2)
    const { latent: guided } = await denoise(latent, 2)
    expect(calls.map(({ rows }) => rows)).toEqual([5, 3])
    expect([...guided.data]).toEqual([1 + 0.25 * 0 + 0.5 * 2, 2])
  })

  it('asks by evaluation what conditions it', async () => {
    const asked: number[] = []
    const conditioningAt = (call: number) => {
      asked.push(call)
      return plain()
    }
    const { denoise } = setUp({ conditioningAt })
    await denoise(latent, 2)
    await denoise(latent, 1)
    expect(asked).toEqual([0, 1])
  })

  it('gives contexts of different lengths to separate calls', async () => {
    const conditioningAt = () => ({
      positive: [[context(1, { tokens: 2 })], [context(2)]],
      negative: [[context(0.5)], [context(0.5)]],
    })
    const { denoise, calls } = setUp({ conditioningAt })
    expect([...(await denoise(latent, 2)).latent.data]).toEqual([2, 5])
    expect(calls.map(({ rows }) => rows).sort()).toEqual([1, 3])
  })

  it('scales guidance by the plan’s factor and joins a consistency model’s shares', async () => {
    const plan = {
      timestepOf: () => 0,
      needsUnconditional: false,
      guidanceFactor: 0.5,
      consistencyAt: () => ({ skip: 0.01, out: 0.5 }),
    }
    const { denoise } = setUp({ conditioningAt: plain, guidanceScale: 4, plan })
    const { latent: guided } = await denoise(latent, 2)
    const [conditional, unconditional] = [0.5 * 1 + 0.01 * 100, 0.5 * 0.5 + 0.01 * 100]
    expect(guided.data[0]).toBeCloseTo(unconditional + 2 * (conditional - unconditional), 5)
  })

  it('takes no conditioning at all as a prediction of zero', async () => {
    const conditioningAt = () => ({ positive: [[context(1)], [context(2)]], negative: [[], []] })
    const { denoise } = setUp({ conditioningAt })
    expect([...(await denoise(latent, 2)).latent.data]).toEqual([3, 6])
  })
})
