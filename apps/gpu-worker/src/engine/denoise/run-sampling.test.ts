import { describe, expect, it } from 'vitest'
import { createTensor } from '../tensor/tensor.ts'
import { createModelSampling } from './model-sampling.ts'
import { planComfySigmas } from './plan-comfy.ts'
import { runSampling, type SamplingInputs } from './run-sampling.ts'

const shape = [1, 4, 2, 2]
const clean = createTensor(shape, new Float32Array(16).fill(0.5))
const noise = createTensor(shape, new Float32Array(16).fill(1))
const never = () => {
  throw new Error('no noise is asked for')
}

function inputsOf(sigmas: readonly number[], more: Partial<SamplingInputs> = {}): SamplingInputs {
  return {
    plan: planComfySigmas({ sampler: 'euler', sigmas, model: createModelSampling() }),
    denoise: async () => ({ latent: clean, unconditional: clean }),
    noise: { next: never, churn: never, between: never },
    startNoise: noise,
    options: { sNoise: 1, sChurn: 0, sTmin: 0, sTmax: Infinity, flavour: 'comfy' },
    isStopped: () => false,
    onStep: async () => undefined,
    ...more,
  }
}

describe('runSampling', () => {
  it('ends with the clean latent of the last step', async () => {
    const { latent, isStopped } = await runSampling(inputsOf([3, 1, 0]))
    expect(isStopped).toBe(false)
    latent.data.forEach((value) => expect(value).toBeCloseTo(0.5, 6))
  })

  it('gives the source back where there is nothing to run', async () => {
    const source = createTensor(shape, new Float32Array(16).fill(7))
    expect((await runSampling(inputsOf([], { source }))).latent).toBe(source)
  })

  it('leaves what it noised as it is where there is one sigma alone', async () => {
    const source = createTensor(shape, new Float32Array(16).fill(7))
    const { latent } = await runSampling(inputsOf([2], { source }))
    expect(latent).not.toEqual(source)
    expect(latent).toEqual(inputsOf([2]).plan.begin(inputsOf([2]).startNoise, source))
  })

  it('stops before the next evaluation with the last clean latent', async () => {
    let calls = 0
    const { latent, isStopped } = await runSampling(
      inputsOf([8, 4, 2, 1, 0], {
        denoise: async () => {
          calls += 1
          return { latent: clean, unconditional: clean }
        },
        isStopped: () => calls === 2,
      }),
    )
    expect(calls).toBe(2)
    expect(isStopped).toBe(true)
    expect(latent).toBe(clean)
  })

  it('lets a failing network end the run', async () => {
    const denoise = async () => {
      throw new Error('out of memory')
    }
    await expect(runSampling(inputsOf([2, 0], { denoise }))).rejects.toThrow('out of memory')
  })

  it('waits for what is told of a step before the next one', async () => {
    const order: string[] = []
    await runSampling(
      inputsOf([2, 1, 0], {
        denoise: async () => {
          order.push('denoise')
          return { latent: clean, unconditional: clean }
        },
        onStep: async ({ step }) => {
          await new Promise((resolve) => setTimeout(resolve, 1))
          order.push(`told ${step}`)
        },
      }),
    )
    expect(order).toEqual(['denoise', 'told 1', 'denoise', 'told 2'])
  })
})
