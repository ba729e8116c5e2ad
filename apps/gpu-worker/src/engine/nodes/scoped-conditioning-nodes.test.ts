import { describe, expect, it } from 'vitest'
import type { ConditioningValue } from '../node-graph/node-context.ts'
import { createTensor } from '../tensor/tensor.ts'
import { callNode, NodeValue } from './test-kit/call-node.ts'

const entry = (value: number) => ({ tokens: createTensor([1, 1, 1], Float32Array.of(value)) })
const conditioning = (...values: number[]) => new NodeValue(values.map(entry) satisfies ConditioningValue)
const valuesOf = (value: unknown) => (value as ConditioningValue).map(({ tokens }) => tokens.data[0])
const mask = createTensor([1, 2, 2], Float32Array.of(1, 0, 0, 1))
const plain = { strength: 0.5, set_cond_area: 'default' }

describe('conditionings bound to a place or a time', () => {
  it('give areas in cells, or as shares', async () => {
    const args = { conditioning: conditioning(1), width: 260, height: 128, x: 72, y: 8, strength: 1.5 }
    const [cells] = await callNode('ConditioningSetArea', args)
    expect((cells as ConditioningValue)[0]).toMatchObject({
      area: { width: 32, height: 16, left: 9, top: 1 },
      strength: 1.5,
    })
    const shares = { conditioning: conditioning(1), width: 0.5, height: 1, x: 0.5, y: 0, strength: 1 }
    const [share] = await callNode('ConditioningSetAreaPercentage', shares)
    expect((share as ConditioningValue)[0]?.area).toEqual({
      ...{ width: 0.5, height: 1, left: 0.5, top: 0, isShare: true },
    })
  })

  it('keep what they were bound to before', async () => {
    const [masked] = await callNode('ConditioningSetMask', {
      ...{ conditioning: conditioning(1), mask: new NodeValue(mask), strength: 0.7 },
      set_cond_area: 'mask bounds',
    })
    const [timed] = await callNode('ConditioningSetTimestepRange', {
      ...{ conditioning: new NodeValue(masked), start: 0.25, end: 0.75 },
    })
    const [weighed] = await callNode('ConditioningSetAreaStrength', {
      ...{ conditioning: new NodeValue(timed), strength: 2 },
    })
    expect((weighed as ConditioningValue)[0]).toMatchObject({
      ...{ mask, maskStrength: 0.7, isBoundByMask: true, startPercent: 0.25, endPercent: 0.75, strength: 2 },
    })
  })

  it('are split into the time, what is before and what is after', async () => {
    expect(await callNode('ConditioningTimestepsRange', { start_percent: 0.2, end_percent: 0.6 })).toEqual([
      [0.2, 0.6],
      [0, 0.2],
      [0.6, 1],
    ])
  })

  it('take mask and time where they are given, and the strength with the mask only', async () => {
    const bare = await callNode('ConditioningSetProperties', { cond_NEW: conditioning(1), ...plain })
    expect((bare[0] as ConditioningValue)[0]).toEqual(entry(1))
    const [bound] = await callNode('ConditioningSetProperties', {
      ...{ cond_NEW: conditioning(1, 2), ...plain },
      ...{ mask: new NodeValue(mask), timesteps: new NodeValue([0.1, 0.9]) },
    })
    for (const item of bound as ConditioningValue)
      expect(item).toMatchObject({
        ...{ mask, maskStrength: 0.5, isBoundByMask: false, startPercent: 0.1, endPercent: 0.9 },
      })
  })

  it('are joined to others, each role to its own', async () => {
    const [joined] = await callNode('ConditioningSetPropertiesAndCombine', {
      ...{ cond: conditioning(1), cond_NEW: conditioning(2), ...plain },
    })
    expect(valuesOf(joined)).toEqual([1, 2])
    const roles = { positive: conditioning(1), negative: conditioning(2) }
    const others = { positive_NEW: conditioning(3), negative_NEW: conditioning(4) }
    const changed = await callNode('PairConditioningSetProperties', { ...others, ...plain })
    expect(changed.map(valuesOf)).toEqual([[3], [4]])
    const pair = await callNode('PairConditioningSetPropertiesAndCombine', { ...roles, ...others, ...plain })
    expect(pair.map(valuesOf)).toEqual([
      [1, 3],
      [2, 4],
    ])
    const both = await callNode('PairConditioningCombine', {
      ...{ positive_A: conditioning(1), negative_A: conditioning(2) },
      ...{ positive_B: conditioning(3), negative_B: conditioning(4) },
    })
    expect(both.map(valuesOf)).toEqual([
      [1, 3],
      [2, 4],
    ])
  })
})
