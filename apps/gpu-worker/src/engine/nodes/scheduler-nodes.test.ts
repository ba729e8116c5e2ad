import { describe, expect, it } from 'vitest'
import { callNode, networkContext, NodeValue, TEST_MODEL, type NodeArgument } from './test-kit/call-node.ts'

const call = (name: string, args: Record<string, NodeArgument>) =>
  callNode(name, args, networkContext(null as never))

// What Python says of the original's arithmetic.
describe('sigmas that are no numbers fail as in the original', () => {
  it.each([
    ['KarrasScheduler', { sigma_max: 14, sigma_min: 0.02, rho: 0 }, 'float division by zero'],
    ['ExponentialScheduler', { sigma_max: 14, sigma_min: 0 }, 'math domain error'],
    ['ExponentialScheduler', { sigma_max: 0, sigma_min: 0.02 }, 'math domain error'],
    ['PolyexponentialScheduler', { sigma_max: 0, sigma_min: 0.02, rho: 1 }, 'math domain error'],
    ['BetaSamplingScheduler', { alpha: 0, beta: 1 }, 'cannot convert float NaN to integer'],
    ['BetaSamplingScheduler', { alpha: 1, beta: 0 }, 'cannot convert float NaN to integer'],
  ] as const)('%s %o', async (name, args, message) => {
    await expect(call(name, { model: TEST_MODEL, steps: 5, ...args })).rejects.toThrow(message)
  })

  it('SetFirstSigma of none', async () => {
    const args = { sigmas: new NodeValue([]), sigma: 3 }
    await expect(call('SetFirstSigma', args)).rejects.toThrow('index 0 is out of bounds')
  })

  it.each(['ModelSamplingContinuousEDM', 'ModelSamplingContinuousV'])(
    '%s from a sigma of zero',
    async (name) => {
      const args = { model: TEST_MODEL, sampling: 'v_prediction', sigma_max: 120, sigma_min: 0 }
      await expect(call(name, args)).rejects.toThrow('math domain error')
    },
  )
})
