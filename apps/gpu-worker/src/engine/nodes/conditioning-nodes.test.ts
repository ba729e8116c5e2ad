import { describe, expect, it } from 'vitest'
import type { ConditioningValue, NodeContext } from '../node-graph/node-context.ts'
import { NodeInputs } from '../node-graph/node-inputs.ts'
import { createTensor } from '../tensor/tensor.ts'
import type { Conditioning } from '../text-encode/conditioning.ts'
import { conditioningNodes } from './conditioning-nodes.ts'

/** A prompt of so many tokens, all of one value. */
function prompt(value: number, tokens = 2, pooled?: number): Conditioning {
  return {
    tokens: createTensor([1, tokens, 2], new Float32Array(tokens * 2).fill(value)),
    ...(pooled === undefined ? {} : { pooled: createTensor([1, 2], Float32Array.of(pooled, pooled)) }),
  }
}

async function run(name: string, inputs: Record<string, unknown>): Promise<ConditioningValue> {
  const values = new NodeInputs(new Map(Object.entries(inputs)))
  const { outputs } = await conditioningNodes[name]!(values, {} as NodeContext)
  return outputs[0] as ConditioningValue
}

describe('conditioning nodes', () => {
  it('combine: both act', async () => {
    const [a, b] = [prompt(1), prompt(2)]
    expect(await run('ConditioningCombine', { conditioning_1: [a], conditioning_2: [b] })).toEqual([a, b])
  })

  it('concat: every entry gets the tokens of the first of the others', async () => {
    const joined = await run('ConditioningConcat', {
      conditioning_to: [prompt(1), prompt(2)],
      conditioning_from: [prompt(3, 1), prompt(4)],
    })
    expect(joined.map(({ tokens }) => [...tokens.data])).toEqual([
      [1, 1, 1, 1, 3, 3],
      [2, 2, 2, 2, 3, 3],
    ])
  })

  it('average: a shorter prompt counts as zeros, a longer one is cut, pooled vectors are mixed alike', async () => {
    const mix = (conditioning_to: Conditioning, from: Conditioning) =>
      run('ConditioningAverage', {
        conditioning_to: [conditioning_to],
        conditioning_from: [from],
        conditioning_to_strength: 0.75,
      })
    const [longer] = await mix(prompt(4, 2, 8), prompt(8, 1, 4))
    expect([...longer!.tokens.data]).toEqual([5, 5, 3, 3])
    expect([...longer!.pooled!.data]).toEqual([7, 7])
    const [shorter] = await mix(prompt(4, 1), prompt(8, 2, 4))
    expect([...shorter!.tokens.data]).toEqual([5, 5])
    expect([...shorter!.pooled!.data]).toEqual([4, 4])
  })

  it('reference latent: nothing changes for models that do not edit', async () => {
    const latent = { samples: createTensor([1, 4, 1, 1]) }
    expect(await run('ReferenceLatent', { conditioning: [prompt(1)], latent })).toEqual([prompt(1)])
  })

  it('guidance of Flux: nothing changes', async () => {
    expect(await run('FluxGuidance', { conditioning: [prompt(1)], guidance: 3.5 })).toEqual([prompt(1)])
    expect(await run('FluxDisableGuidance', { conditioning: [prompt(1)] })).toEqual([prompt(1)])
  })

  it('zero out: tokens and pooled of zeros', async () => {
    const [zeroed] = await run('ConditioningZeroOut', { conditioning: [prompt(1, 2, 3)] })
    expect([...zeroed!.tokens.data, ...zeroed!.pooled!.data]).toEqual([0, 0, 0, 0, 0, 0])
  })
})
