import { ModelKind, type ModelFile } from '@atelier/proto'
import { describe, expect, it } from 'vitest'
import type { ConditioningEntry, ControlNetValue, NodeContext } from '../node-graph/node-context.ts'
import { openFixture, readCases } from '../test-kit.ts'
import { createTensor } from '../tensor/tensor.ts'
import { differenceOf, runNodeCase, type NodeCase, type RecordedNodes } from './test-kit/recorded-nodes.ts'
import { callNode, NodeValue } from './test-kit/call-node.ts'

const here = (name: string) => new URL(`__fixtures__/${name}`, import.meta.url)

describe('Canny finds the edges the original finds', () => {
  const recorded: RecordedNodes = { tensors: openFixture(here('canny.safetensors')), inputPath: here }
  it.each(readCases<NodeCase>(here('canny.jsonl')))('case $n: $args', async (row) => {
    const [edges] = await runNodeCase(row, recorded)
    expect(differenceOf(edges, row.outputs![0]!, recorded)).toBe(0)
  })

  it('refuses a low threshold above the high one', async () => {
    const args = { image: new NodeValue(createTensor([1, 8, 8, 3])), low_threshold: 0.8, high_threshold: 0.4 }
    await expect(callNode('Canny', args)).rejects.toThrow(/0\.8.+0\.4/)
  })
})

const FILE = { kind: ModelKind.MODEL_KIND_CONTROL_NET, name: 'canny.safetensors', identity: 'canny' }
const context = {
  models: {
    find: (kind: ModelKind, name: string) =>
      kind === FILE.kind && name === FILE.name ? (FILE as ModelFile) : undefined,
  },
} as unknown as NodeContext
const network: ControlNetValue = { control: FILE }
const image = createTensor([1, 8, 8, 3])
const entry: ConditioningEntry = { tokens: createTensor([1, 77, 4]) }
const span = { strength: 0.5, start_percent: 0.1, end_percent: 0.9 }
const applyAdvanced = async (positive: unknown, negative: unknown, changes: object = {}) =>
  callNode('ControlNetApplyAdvanced', {
    ...{ positive: new NodeValue(positive), negative: new NodeValue(negative) },
    ...{ control_net: new NodeValue(network), image: new NodeValue(image), ...span, ...changes },
  }) as Promise<[ConditioningEntry[], ConditioningEntry[]]>

describe('ControlNet loaders', () => {
  it('name a file, the one for differences with the checkpoint they are from', async () => {
    const checkpoint = { kind: ModelKind.MODEL_KIND_CHECKPOINT, name: 'sd.safetensors', identity: 'sd' }
    expect(await callNode('ControlNetLoader', { control_net_name: FILE.name }, context)).toEqual([network])
    const args = { model: new NodeValue({ checkpoint }), control_net_name: FILE.name }
    expect(await callNode('DiffControlNetLoader', args, context)).toEqual([{ ...network, base: checkpoint }])
  })

  it('fail for a file that is not here', async () => {
    await expect(callNode('ControlNetLoader', { control_net_name: 'x' }, context)).rejects.toThrow(
      'the ControlNet x is not here',
    )
  })
})

describe('SetUnionControlNetType', () => {
  it.each([
    ['openpose', 0],
    ['canny/lineart/anime_lineart/mlsd', 3],
    ['repaint', 7],
    ['auto', undefined],
  ])('tells %s as %s', async (type, index) => {
    const control_net = new NodeValue({ ...network, unionType: 5 })
    const [told] = (await callNode('SetUnionControlNetType', { control_net, type })) as [ControlNetValue]
    expect(told.unionType).toBe(index)
    expect(told.control).toEqual(FILE)
  })
})

describe('ControlNetApply', () => {
  const apply = (strength: number) =>
    callNode('ControlNetApply', {
      ...{ conditioning: new NodeValue([entry]), control_net: new NodeValue(network) },
      ...{ image: new NodeValue(image), strength },
    }) as Promise<[ConditioningEntry[]]>

  it('puts a network on an entry for all halves and the whole run', async () => {
    const [[controlled]] = await apply(0.7)
    expect(controlled).toMatchObject({
      isControlForAll: true,
      control: { network, strength: 0.7, startPercent: 0, endPercent: 1, previous: undefined },
    })
  })

  it('changes nothing with a strength of 0', async () => {
    expect((await apply(0))[0]).toEqual([entry])
  })
})

describe('ControlNetApplyAdvanced', () => {
  it('puts one and the same link on both halves', async () => {
    const [[positive], [negative]] = await applyAdvanced([entry], [entry])
    expect(positive!.control).toBe(negative!.control)
    expect(positive).toMatchObject({
      isControlForAll: false,
      control: { startPercent: 0.1, endPercent: 0.9 },
    })
  })

  it('goes on top of what was put there before', async () => {
    const [first, second] = await applyAdvanced([entry], [entry])
    const [[positive], [negative]] = await applyAdvanced(first, second, { strength: 1 })
    expect(positive!.control).toMatchObject({ strength: 1, previous: { strength: 0.5 } })
    expect(positive!.control).toBe(negative!.control)
  })

  it('is what ControlNetApplySD3 does, whose autoencoder other families need', async () => {
    const [positive, negative] = await applyAdvanced([entry], [entry])
    const args = {
      ...{ positive: new NodeValue([entry]), negative: new NodeValue([entry]), vae: new NodeValue({}) },
      ...{ control_net: new NodeValue(network), image: new NodeValue(image), ...span },
    }
    expect(await callNode('ControlNetApplySD3', args)).toEqual([positive, negative])
  })

  it('gives conditionings back with a strength of 0', async () => {
    expect(await applyAdvanced([entry], [entry], { strength: 0 })).toEqual([[entry], [entry]])
  })
})
